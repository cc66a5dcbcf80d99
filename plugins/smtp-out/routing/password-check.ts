import { UnavailableError } from 'mailwright'
import type { Relay, RelayRule } from './relay-option.ts'
import { readSecret } from './secret.ts'

/** The relay hosts of a config. */
interface Relays {
  readonly relay: Relay | undefined
  readonly relays: readonly RelayRule[]
  readonly fallbackRelays: readonly Relay[]
}

/**
 * MAIL_E_UNAVAILABLE, with the option, where a password of that kind cannot be read. Tokens are left alone: whoever renews them may come later than
 * the server.
 */
export async function checkPasswords(
  { relay, relays, fallbackRelays }: Relays,
  kind: 'file' | 'environment',
): Promise<void> {
  const named = [
    ['relay', relay],
    ...relays.map((rule, index) => [`relays[${index}]`, rule.relay] as const),
    ...fallbackRelays.map((one, index) => [`fallbackRelays[${index}]`, one] as const),
  ] as const
  for (const [path, one] of named) {
    if (one?.login?.kind !== 'password') continue
    const { secret } = one.login
    if (secret.kind !== kind) continue
    const option = kind === 'file' ? 'passwordFile' : 'passwordEnv'
    await readSecret(secret).catch((cause: unknown) => {
      throw new UnavailableError(`${path}.${option}`, { cause })
    })
  }
}
