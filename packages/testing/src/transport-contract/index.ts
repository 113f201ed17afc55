export type { BusCrashScenario, BusInput } from '../crash/buses/scenario.ts';
export {
  transportContract,
  type Ability,
  type TransportAbilities,
  type TransportContract,
  type TransportPlace,
} from './contract.ts';
