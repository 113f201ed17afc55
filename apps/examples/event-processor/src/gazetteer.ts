import { readFile } from 'node:fs/promises';
import { parse } from 'csv-parse/sync';
import { dataFile } from './log/read-log.ts';

export interface Nearest {
  readonly airport: string;
  readonly kilometres: number;
}

const EARTH_RADIUS = 6_371;
/** Kilometres from one degree of latitude to the next. */
const DEGREE = 111;
/** Kilometres beyond which an airport is not near. */
const REACH = 300;

export const readAirports = async (): Promise<readonly Airport[]> => {
  const rows: Record<string, string>[] = parse(await readFile(dataFile('airports.csv')), {
    columns: true,
  });
  return rows.map(({ iata, name, latitude, longitude }) => ({
    name: `${name} (${iata})`,
    latitude: Number(latitude),
    longitude: Number(longitude),
  }));
};

const RADIAN = Math.PI / 180;

export interface Place {
  readonly latitude: number;
  readonly longitude: number;
}

export interface Airport extends Place {
  readonly name: string;
}

/** Kilometres on a great circle. */
export const distance = (a: Place, b: Place): number => {
  const half =
    Math.sin(((b.latitude - a.latitude) * RADIAN) / 2) ** 2 +
    Math.cos(a.latitude * RADIAN) *
      Math.cos(b.latitude * RADIAN) *
      Math.sin(((b.longitude - a.longitude) * RADIAN) / 2) ** 2;
  return 2 * EARTH_RADIUS * Math.asin(Math.sqrt(half));
};

/** Knows the airports of the United States. It answers a few at a time and turns the others away, as services do. */
export class Gazetteer {
  readonly #airports: readonly Airport[];
  readonly #places: number;
  #busy = 0;
  /** How often it turned somebody away. */
  refusals = 0;

  constructor(airports: readonly Airport[], { places = 2 } = {}) {
    this.#airports = airports;
    this.#places = places;
  }

  /** @throws Error when too many ask at the same time */
  async nearest(latitude: number, longitude: number): Promise<Nearest | undefined> {
    if (this.#busy >= this.#places) {
      this.refusals++;
      throw new Error('the gazetteer is busy: try again later');
    }
    this.#busy++;
    // The way there and back.
    await new Promise((resolve) => setTimeout(resolve, 5));
    this.#busy--;
    let nearest: Nearest | undefined;
    for (const airport of this.#airports) {
      if (Math.abs(airport.latitude - latitude) > REACH / DEGREE) continue;
      const kilometres = distance({ latitude, longitude }, airport);
      if (kilometres > REACH || (nearest && nearest.kilometres <= kilometres)) continue;
      nearest = { airport: airport.name, kilometres };
    }
    return nearest && { ...nearest, kilometres: Math.round(nearest.kilometres) };
  }
}
