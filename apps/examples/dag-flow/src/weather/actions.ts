import type { AnyAction } from '@dagger/core';
import { explainFailure } from '../data/explain-failure.ts';
import { extractTable } from '../data/extract-table.ts';
import { analyzeClimate } from './analyze-climate.ts';
import { analyzeConditions } from './analyze-conditions.ts';
import { combineWeather } from './combine.ts';
import { transformWeather } from './transform.ts';
import { validateWeather } from './validate.ts';
import { writeWeatherReport } from './write-report.ts';

/** The actions of pipelines/data-processing.yaml. */
export const weatherActions: readonly AnyAction[] = [
  extractTable,
  validateWeather,
  explainFailure('handle_invalid_weather'),
  transformWeather,
  analyzeClimate,
  analyzeConditions,
  combineWeather,
  writeWeatherReport,
];
