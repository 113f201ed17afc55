export { definePubSubAgent, type AnyPubSubAgent, type PubSubAgent } from './agent/agent.ts';
export type { OutgoingOptions, PubSubContext } from './agent/context.ts';
export type { AgentRegistry, AgentSummary } from './agent/registry.ts';
export type { Overflow, QueueOptions } from './channel/options.ts';
export type { ChannelFace, PublishOptions } from './executor/channel-face.ts';
export type { ChannelStatus } from './executor/channels.ts';
export type { BusEvent } from './executor/events.ts';
export type {
  ChannelOptions,
  PubSubOptions,
  ReviewOptions,
  TreeLimits,
} from './executor/options.ts';
export {
  PubSubExecutor,
  type ExecuteOptions,
  type FirstMessage,
} from './executor/pubsub-executor.ts';
export type { AttemptReport, PubSubReport, StopReason } from './executor/report.ts';
export type { PendingReview } from './executor/reviews.ts';
export type { Source, SourceInput, SourceOptions } from './executor/source.ts';
export type { DeadLetter, DeadLetterFilter } from './durable/dead-letters.ts';
export type { GroupStatus } from './durable/group-status.ts';
export type { Inspection } from './durable/inspection.ts';
export type { MessageDetails, UndoneDelivery } from './durable/message-details.ts';
export type { PruneOptions } from './durable/prune.ts';
export type { MessageFilter } from './durable/readings.ts';
export type { Redriven } from './durable/redrive.ts';
export type { RemoveGroupOptions } from './durable/remove-group.ts';
export type { StoredChannel } from './durable/stored-channel.ts';
export type { StoredMessage } from './durable/stored-message.ts';
export { StorageTransport, type StorageTransportOptions } from './durable/storage-transport.ts';
export type { Headers, Message } from './message/message.ts';
export { circuitBreaker, type CircuitBreakerOptions } from './middleware/circuit-breaker.ts';
export { correlation, type CorrelationOptions } from './middleware/correlation.ts';
export { dedupe, type DedupeOptions } from './middleware/dedupe.ts';
export type { Handler, Middleware } from './middleware/middleware.ts';
export { recover, type Recovery } from './middleware/recover.ts';
export { throttle, type ThrottleOptions } from './middleware/throttle.ts';
export { timeout, type TimeoutOptions } from './middleware/timeout.ts';
export { asyncApi, type AsyncApiOptions } from './documents/async-api.ts';
export { fromCloudEvent, toCloudEvent, type CloudEventOptions } from './documents/cloud-events.ts';
export { checkTopology, type TopologyCheckOptions } from './topology/check.ts';
export { topologyToDot } from './topology/dot.ts';
export { topologyToMermaid } from './topology/mermaid.ts';
export type { TopologyProblem } from './topology/problem.ts';
export {
  topologyOf,
  type Topology,
  type TopologyAgent,
  type TopologyChannel,
  type TopologyEdge,
  type TopologyLink,
  type TopologyOptions,
} from './topology/topology.ts';
export { causalTree, type TraceNode } from './trace/causal-tree.ts';
export { traceToDot } from './trace/dot.ts';
export type { TraceAttempt, TraceEntry } from './trace/entry.ts';
export { traceToJson } from './trace/json.ts';
export { traceToMermaid } from './trace/mermaid.ts';
export { MemoryTransport } from './transport/memory.ts';
export type {
  Delivery,
  Hold,
  HoldStore,
  Settlement,
  StartFrom,
  SubscribeOptions,
  Transport,
  TransportFeatures,
  TransportSubscription,
} from './transport/transport.ts';
