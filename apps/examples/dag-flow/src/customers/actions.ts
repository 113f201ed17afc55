import type { AnyAction } from '@dagger/core';
import { explainFailure } from '../data/explain-failure.ts';
import { analyzeTypeA } from './analyze-type-a.ts';
import { analyzeTypeB } from './analyze-type-b.ts';
import { cleanAndTransform } from './clean-and-transform.ts';
import { extractCustomers } from './extract-customers.ts';
import { generateReport } from './generate-report.ts';
import { loadToWarehouse } from './load-to-warehouse.ts';
import { transformCustomerData } from './transform-customer-data.ts';
import { validateData } from './validate-data.ts';

/** The actions of customer-data-processing.yaml, then those of customers-to-warehouse.yaml. */
export const customerActions: readonly AnyAction[] = [
  validateData,
  explainFailure('handle_validation_error'),
  transformCustomerData,
  analyzeTypeA,
  analyzeTypeB,
  generateReport,
  extractCustomers,
  cleanAndTransform,
  loadToWarehouse,
];
