import { sql, type RawBuilder } from 'kysely';

/**
 * That a message is of a causal tree, as the index of trees wants it. Most messages are alone in their tree or begin it, and bear
 * its id: these are not in that index, which so costs nothing to whoever publishes them, and are found by their own id.
 * @param alias of the table of messages, where it has one
 */
export const ofTree = (
  correlationId: string,
  alias = 'dagger_pubsub_messages',
): RawBuilder<boolean> => {
  const [id, tree] = [sql.ref(`${alias}.id`), sql.ref(`${alias}.correlation_id`)];
  return sql<boolean>`((${id} = ${correlationId} and ${tree} = ${correlationId})
    or (${tree} = ${correlationId} and ${tree} <> ${id}))`;
};
