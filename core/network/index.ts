// For plugins that speak a protocol: listeners and their options, connections, TLS, what proxies say, and mechanisms of
// logins. Imported as `mailwright/network`.
export * from '../sasl/index.ts'
export { ArrivingClients } from './arriving-clients.ts'
export {
  type ClientListener,
  type ClientListenerInput,
  type ClientListenerOptions,
  type ClientSession,
  listenForClients,
} from './client-listener.ts'
export { ClientTrust, type OwnCertificateText, type TrustProblem, trustProblem } from './client-trust.ts'
export { type MailConcern, type MailRole, readConcern } from './concern-option.ts'
export { ConnectionLost } from './connection-lost.ts'
export { type Endpoints, socketEndpoints, socketFileEndpoints } from './endpoints.ts'
export { HandshakeFailed, handshakeFault, handshakeOctets } from './handshake-failed.ts'
export { type FollowedSession, sessionOver } from './left-session.ts'
export { LineConnection } from './line-connection.ts'
export {
  type LoginListenerDefaults,
  type LoginListenerInput,
  type LoginListenerOptions,
  readLoginListener,
} from './login-listener-options.ts'
export { readNetworks } from './networks-option.ts'
export { type ProxyInput, type ProxyOptions, readProxyOptions } from './proxied-endpoints.ts'
export { type ProxyHeader, parseProxyHeader } from './proxy-header.ts'
export type { OctetsResult, ReadResult } from './read-result.ts'
export { secureSession } from './secure-session.ts'
export { ServerTls } from './server-tls.ts'
export { SessionCounts } from './session-counts.ts'
export { parseSocketAddress, type SocketAddress } from './socket-address.ts'
export { tlsFacts } from './tls-facts.ts'
export { clientCiphers, contextLifetime, tlsPolicy } from './tls-policy.ts'
