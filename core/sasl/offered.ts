import { BearerMechanism } from './bearer.ts'
import { oauthBearer, xoauth2 } from './bearer-messages.ts'
import { CramMd5Mechanism } from './cram-md5.ts'
import { LoginMechanism } from './login.ts'
import type { SaslContext, SaslMechanism } from './mechanism.ts'
import { PlainMechanism } from './plain.ts'
import { ScramExchange } from './scram.ts'

interface Offer {
  /** Whether it can be used as things are. */
  isOffered(context: SaslContext): boolean
  begin(context: SaslContext): SaslMechanism
}

const hasScram = ({ flow }: SaslContext) => flow.loginAbilities.scram.includes('SCRAM-SHA-256')
const hasTokens = ({ flow }: SaslContext) => flow.loginAbilities.tokens !== undefined

// The strongest first. A further mechanism is a further line.
const offers: Readonly<Record<string, Offer>> = {
  'SCRAM-SHA-256-PLUS': {
    isOffered: (context) => hasScram(context) && (context.channelBinding?.types.length ?? 0) > 0,
    begin: (context) => new ScramExchange(context, { name: 'SCRAM-SHA-256-PLUS' }),
  },
  'SCRAM-SHA-256': {
    isOffered: hasScram,
    begin: (context) => new ScramExchange(context, { name: 'SCRAM-SHA-256' }),
  },
  OAUTHBEARER: { isOffered: hasTokens, begin: (context) => new BearerMechanism(context, oauthBearer) },
  XOAUTH2: { isOffered: hasTokens, begin: (context) => new BearerMechanism(context, xoauth2) },
  PLAIN: { isOffered: () => true, begin: (context) => new PlainMechanism(context) },
  LOGIN: { isOffered: () => true, begin: (context) => new LoginMechanism(context) },
  // Behind all others: for clients that have nothing else, not for those that take what comes first.
  'CRAM-MD5': {
    isOffered: ({ flow }) => flow.loginAbilities.cramMd5,
    begin: (context) => new CramMd5Mechanism(context),
  },
}

/**
 * The mechanisms that a client may use as things are, the strongest first. None where it may not log in: also not those
 * that send no secret, for whoever listens could guess at it at leisure (RFC 5802 §9), and reads the mail in any case.
 */
export function offeredMechanisms(context: SaslContext): readonly string[] {
  if (!context.mayLogIn) return []
  return Object.keys(offers).filter((name) => offers[name]?.isOffered(context))
}

/** Begins an exchange. Undefined where the mechanism is not offered. Its name may be written in any case. */
export function beginMechanism(name: string, context: SaslContext): SaslMechanism | undefined {
  const known = name.toUpperCase()
  return offeredMechanisms(context).includes(known) ? offers[known]?.begin(context) : undefined
}
