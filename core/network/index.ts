export {
  type ClientListener,
  type ClientListenerOptions,
  type ClientSession,
  listenForClients,
} from './client-listener.ts'
export { socketEndpoints } from './endpoints.ts'
export {
  ConnectionLost,
  LineConnection,
  type OctetsResult,
  type ReadResult,
} from './line-connection.ts'
export { ServerTls, tlsFacts } from './server-tls.ts'
export { SessionCounts } from './session-counts.ts'
