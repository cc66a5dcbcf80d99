import type { Target } from '../../../plugins/smtp-out/session/target.ts'

/** A host of a domain, of which nothing is demanded. */
export function target(domain: string, host = `mx.${domain}`): Target {
  return {
    domain,
    candidate: { host, port: 25, secure: false },
    requirement: { level: 'may', names: [], source: 'default' },
    implicitTls: false,
    login: undefined,
    certificate: undefined,
    identity: { hostname: 'mx.here.example', ipv4: undefined, ipv6: undefined },
  }
}
