export {
  transportContract,
  type Ability,
  type TransportAbilities,
  type TransportContract,
  type TransportPlace,
} from './contract.ts';
