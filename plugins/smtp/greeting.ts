import { type Hello, reply } from 'mailwright'
import { offeredMechanisms } from 'mailwright/network'
import type { SmtpOptions } from './options.ts'
import { attributeNames } from './proxied-attributes.ts'
import { badHello } from './replies.ts'
import type { Answer, SmtpSession } from './session.ts'
import { xclientForms } from './xclient.ts'
import { xforwardForms } from './xforward.ts'

// RFC 5321 §4.5.3.1.2
const maxNameOctets = 255

/**
 * HELO and EHLO (RFC 5321 §4.1.1.1). Any single word is taken for a name: §4.1.4 forbids to refuse mail because the
 * name is wrong, and whether it is, is for plugins to say.
 */
export async function hello(session: SmtpSession, name: string, extended: boolean): Promise<Answer> {
  if (name === '' || /\s/.test(name) || Buffer.byteLength(name) > maxNameOctets) return { reply: badHello }
  session.reset()
  const refusal = await session.flow.hello({ name, extended })
  session.helloRefusal = undefined
  if (refusal !== undefined) return { reply: refusal, recorded: true }
  session.greeted = true
  const { hostname } = session.service
  // RFC 2034 §3: no enhanced code here.
  return {
    reply: reply(250, undefined, extended ? [`${hostname} greets you`, ...extensions(session)] : hostname),
  }
}

/** What was said before XCLIENT, or by it: nobody waits for an answer. */
export async function toldHello(session: SmtpSession, told: Hello): Promise<void> {
  session.helloRefusal = await session.flow.hello(told)
  session.greeted = session.helloRefusal === undefined
}

// RFC 9422 §4: six digits.
const highestLimit = 999_999

/** What a client may plan with (RFC 9422 §4): messages in a session, recipients of a message. */
function limits({ maxTransactions, maxRecipients }: SmtpOptions): string {
  const [messages, recipients] = [maxTransactions, maxRecipients].map((limit) =>
    Math.min(limit, highestLimit),
  )
  return `LIMITS MAILMAX=${messages} RCPTMAX=${recipients}`
}

/** The extensions that hold for this session now. */
function extensions(session: SmtpSession): readonly string[] {
  const { options, canSecure, offersDsn } = session.service
  const { trust } = session
  const mechanisms = offeredMechanisms(session.sasl)
  return [
    'PIPELINING',
    `SIZE ${options.maxSize}`,
    '8BITMIME',
    'CHUNKING',
    ...(options.binaryMime ? ['BINARYMIME'] : []),
    'SMTPUTF8',
    limits(options),
    'ENHANCEDSTATUSCODES',
    ...(trust.xclient ? [`XCLIENT ${attributeNames(xclientForms)}`] : []),
    ...(trust.xforward ? [`XFORWARD ${attributeNames(xforwardForms)}`] : []),
    ...(offersDsn ? ['DSN'] : []),
    ...(canSecure && !session.isSecure ? ['STARTTLS'] : []),
    // RFC 8689 §2: only what comes under TLS can ask for it from here on.
    ...(session.isSecure ? ['REQUIRETLS'] : []),
    ...(mechanisms.length > 0 ? [`AUTH ${mechanisms.join(' ')}`] : []),
  ]
}
