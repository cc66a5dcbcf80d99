import { createHash, X509Certificate } from 'node:crypto'
import { get } from 'node:http'
import { connect } from 'node:tls'

/** Where a name is looked for: always on this machine. */
export interface ValidationTarget {
  readonly name: string
  readonly port: number
}

/** Asks as an authority does for http-01; rejects with what it found instead. */
export function validateHttp({ name, port }: ValidationTarget, token: string, wanted: string): Promise<void> {
  const path = `/.well-known/acme-challenge/${token}`
  return new Promise((resolve, reject) => {
    const asked = get({
      host: '127.0.0.1',
      port,
      path,
      headers: { host: name },
      agent: false,
      timeout: 5_000,
    })
    asked.on('timeout', () => asked.destroy(new Error('timeout')))
    asked.on('error', reject)
    asked.on('response', async (response) => {
      let text = ''
      for await (const chunk of response.setEncoding('utf8')) text += String(chunk)
      if (response.statusCode === 200 && text.trim() === wanted) resolve()
      else reject(new Error(`${response.statusCode}: ${text.slice(0, 100)}`))
    })
  })
}

/** Asks as an authority does for tls-alpn-01 (RFC 8737 §3); rejects with what is wrong. */
export function validateTls({ name, port }: ValidationTarget, wanted: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      host: '127.0.0.1',
      port,
      servername: name,
      ALPNProtocols: ['acme-tls/1'],
      rejectUnauthorized: false,
      timeout: 5_000,
    })
    socket.on('timeout', () => socket.destroy(new Error('timeout')))
    socket.on('error', reject)
    socket.on('secureConnect', () => {
      const { raw } = socket.getPeerCertificate()
      const problem = problemOf(new X509Certificate(raw), socket.alpnProtocol, name, wanted)
      socket.destroy()
      if (problem === undefined) resolve()
      else reject(new Error(problem))
    })
  })
}

// OID 1.3.6.1.5.5.7.1.31, critical, and an OCTET STRING of an OCTET STRING of 32 octets.
const identifier = Buffer.from('06082b0601050507011f0101ff042204 20'.replace(' ', ''), 'hex')

function problemOf(
  certificate: X509Certificate,
  protocol: string | false | null,
  name: string,
  wanted: string,
): string | undefined {
  if (protocol !== 'acme-tls/1') return `it speaks ${protocol}`
  if (certificate.subjectAltName !== `DNS:${name}`) return `it is for ${certificate.subjectAltName}`
  const digest = createHash('sha256').update(wanted).digest()
  return certificate.raw.includes(Buffer.concat([identifier, digest])) ? undefined : 'it has another digest'
}
