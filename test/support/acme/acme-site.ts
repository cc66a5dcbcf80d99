import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { type ConnectionOptions, connect, type PeerCertificate } from 'node:tls'

/** Where a site's authority is, and where it looks for challenges. */
export interface AcmeSite {
  readonly directory: string
  readonly challenge: 'http-01' | 'tls-alpn-01'
  /** Where the site listens for the authority. */
  readonly port: number
}

/** A config with an IMAP listener under TLS whose certificates are ordered; `ca.pem` beside it is the authority's own. */
export function acmeConfig({ directory, challenge, port }: AcmeSite): string {
  return `
import { defineConfig } from 'mailwright'
import acme from 'mailwright/plugins/acme'
import certificates from 'mailwright/plugins/certificates'
import imap from 'mailwright/plugins/imap'
import memory from 'mailwright/plugins/memory'

export default defineConfig({
  hostname: 'mx.example.org',
  dataDir: 'data',
  plugins: [
    memory({ accounts: [{ address: 'me@example.org', password: 'secret' }] }),
    certificates(),
    acme({
      agreeToTerms: true,
      contact: ['postmaster@example.org'],
      certificates: [{ names: ['mx.example.org', 'imap.example.org'] }],
      directory: '${directory}',
      directoryCa: import.meta.dirname + '/ca.pem',
      challenge: '${challenge}',
      host: '127.0.0.1',
      port: ${port},
    }),
    imap({ port: 0, implicitTls: true }),
  ],
})
`
}

/** The certificate that a listener shows, with what the client finds of it. */
export async function shownCertificate(
  port: number,
  servername: string,
  options: ConnectionOptions = {},
): Promise<{ readonly certificate: PeerCertificate; readonly error: string | undefined }> {
  const socket = connect({ port, host: '127.0.0.1', servername, rejectUnauthorized: false, ...options })
  try {
    await once(socket, 'secureConnect')
    const error: unknown = socket.authorizationError
    return { certificate: socket.getPeerCertificate(), error: error ? String(error) : undefined }
  } finally {
    socket.destroy()
  }
}

/** Resolves with what is shown as soon as it is of an authority; whoever waits too long learns what is wrong with the other. */
export async function trustedCertificate(
  port: number,
  servername: string,
  options: ConnectionOptions,
): Promise<PeerCertificate> {
  let shown = await shownCertificate(port, servername, options)
  for (let attempt = 0; attempt < 600 && shown.error !== undefined; attempt++) {
    await pause(100)
    shown = await shownCertificate(port, servername, options)
  }
  if (shown.error !== undefined) throw new Error(`still not trusted: ${shown.error}`)
  return shown.certificate
}
