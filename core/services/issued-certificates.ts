import type { Certificate } from './certificates.ts'
import { type ServiceKey, serviceKey } from './key.ts'

/** Certificates that a plugin obtains and renews by itself. Whoever provides `certificates` serves them. */
export interface IssuedCertificates {
  /** Those that there are now: none before the first was issued. Never rejects for one that is damaged: it is left out. */
  current(): Promise<readonly Certificate[]>
  /** Calls back when `current` would answer something else. Answers the call that ends it. */
  onChange(listener: () => void): () => void
}

export const issuedCertificates: ServiceKey<IssuedCertificates> = serviceKey(
  'issuedCertificates',
  "certificates that are ordered and renewed without anybody's help",
  ['acme'],
)
