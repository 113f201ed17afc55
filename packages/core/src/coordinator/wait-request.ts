import type { InputRequest } from '../actions/output.ts';
import type { DagConfig } from '../config/model.ts';
import { DaggerError } from '../errors.ts';
import { ownJson } from '../json.ts';
import type { WaitRequest } from '../run/waits.ts';

const MINUTE = 60_000;
const LONGEST = 1_440;

const refuse = (message: string): never => {
  throw new DaggerError('ACTION_INVALID', `waitForInput: ${message}`);
};

const oneOf = <T extends string>(name: string, value: T, ...allowed: readonly T[]): T =>
  allowed.includes(value)
    ? value
    : refuse(`${name} must be ${allowed.map((word) => `'${word}'`).join(' or ')}`);

/**
 * What an action asked, with the settings of the run for what it left open.
 * @throws DaggerError ACTION_INVALID, NOT_JSON
 */
export const waitRequest = (
  asked: InputRequest,
  config: Pick<DagConfig, 'humanWaitMinutes' | 'humanTimeoutAction'>,
  now: number,
): WaitRequest => {
  const { prompt, details, waitMinutes, onTimeout, onReject = 'fail', wakeOn } = asked;
  if (typeof prompt !== 'string' || prompt === '')
    refuse('prompt must be a text that is not empty');
  const minutes = waitMinutes === undefined ? config.humanWaitMinutes : waitMinutes;
  if (minutes !== null && !(minutes >= 0 && minutes <= LONGEST))
    refuse(`waitMinutes must be from 0 to ${LONGEST}, or null, not ${String(minutes)}`);
  if (
    wakeOn !== undefined &&
    (typeof wakeOn?.namespace !== 'string' || typeof wakeOn.key !== 'string')
  )
    refuse('wakeOn must name a namespace and a key');
  return {
    prompt,
    details: details === undefined ? null : ownJson(details),
    due: minutes === null ? null : now + minutes * MINUTE,
    onTimeout: oneOf('onTimeout', onTimeout ?? config.humanTimeoutAction, 'autopilot', 'pause'),
    onReject: oneOf('onReject', onReject, 'fail', 'answer'),
    wakeOn: wakeOn === undefined ? null : { namespace: wakeOn.namespace, key: wakeOn.key },
  };
};
