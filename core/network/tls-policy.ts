import { constants } from 'node:crypto'
import type { SecureContextOptions } from 'node:tls'

/** What all listeners make their TLS contexts with (RFC 9325 §3). */
export const tlsPolicy: Readonly<SecureContextOptions> = Object.freeze({
  // RFC 8996: nothing older.
  minVersion: 'TLSv1.2',
  // The strongest that both have, and not what a client (or somebody who weakened it) likes best.
  honorCipherOrder: true,
  // RFC 9325 §3.5: nobody needs a second handshake, and each costs the server more than the client.
  secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
} as const)

/**
 * For clients that send passwords: with TLS 1.2 only what stays secret when the key is stolen later, and only sealed
 * records (RFC 9325 §4.2). Between servers anything is better than nothing: there Node.js's own list is right.
 */
export const clientCiphers: string = [
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'TLS_AES_128_GCM_SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
].join(':')

/**
 * Milliseconds after which a context is made anew, and with it the key of its session tickets: whoever steals that key can
 * read the resumed sessions of this time, as far as they are of TLS 1.2 (RFC 9325 §3.4).
 */
export const contextLifetime: number = 12 * 60 * 60 * 1000
