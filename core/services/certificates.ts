import { type ServiceKey, serviceKey } from './key.ts'

/** A private key and its certificate chain, both PEM. */
export interface Certificate {
  readonly key: string
  readonly chain: string
}

/** TLS keys by server name. */
export interface Certificates {
  /** The best certificate for a name; the default one for an unknown or absent name. */
  forName(serverName?: string): Promise<Certificate>
  /** Calls back when certificates were renewed. Answers the call that ends it. */
  onChange(listener: () => void): () => void
}

export const certificates: ServiceKey<Certificates> = serviceKey(
  'certificates',
  'TLS keys and certificates',
  ['certificates'],
)
