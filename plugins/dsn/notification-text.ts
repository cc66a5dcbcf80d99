import { formatUnicodeAddress, type ReportedRecipient, sameAddress } from 'mailwright'
import { plainText } from './plain-text.ts'
import { reasonFor } from './reason.ts'
import { replyLine } from './reply-line.ts'
import type { Speech } from './speech.ts'
import type { ReasonTexts, TextFacts, TextKind } from './texts.ts'
import { wrap } from './wrap.ts'

/** The most recipients that the text names; the report for programs has all. */
export const mostNamed = 20

/** What the text for people is made of. */
export interface Story {
  readonly kind: TextKind
  readonly recipients: readonly ReportedRecipient[]
  readonly facts: TextFacts
  /** What the last part holds. */
  readonly attached: 'message' | 'lost' | 'header'
}

const indent = '    '

/** The text for people: what happened to whom and why, what can be done, and below it the details. Lines end with LF. */
export function notificationText(speech: Speech, story: Story): string {
  const { texts } = speech
  const { kind, facts } = story
  const named = story.recipients.slice(0, mostNamed)
  const paragraphs = [
    wrap(speech.say(texts.opening[kind], facts)),
    aboutMessage(speech, facts),
    ...byFate(speech, story, named).map(
      ({ addresses, what }) => `${addresses.join('\n')}\n${wrap(what, indent)}`,
    ),
    ...(facts.more > 0 ? [wrap(speech.say(texts.more, facts))] : []),
    wrap(speech.say(texts.attached[story.attached], facts)),
    wrap(speech.say(texts.closing, facts)),
    details(speech, story, named),
  ]
  return `${paragraphs.filter((paragraph) => paragraph.trim() !== '').join('\n\n')}\n`
}

/** Which message it is, in lines with labels. */
function aboutMessage(speech: Speech, facts: TextFacts): string {
  const { labels } = speech.texts
  return (['subject', 'arrived'] as const)
    .map((name) => ({ label: speech.line(labels[name], facts, 60), fact: facts[name] }))
    .filter(({ label, fact }) => label !== '' && fact !== '')
    .map(({ label, fact }) => `${indent}${label}: ${fact}`)
    .join('\n')
}

interface Fate {
  readonly addresses: string[]
  readonly what: string
}

/** Those whom the same happened to, together. */
function byFate(speech: Speech, story: Story, named: readonly ReportedRecipient[]): readonly Fate[] {
  const fates = new Map<string, Fate>()
  for (const recipient of named) {
    const what = fate(speech, story, recipient)
    const known = fates.get(what)
    const address = addressText(recipient)
    if (known === undefined) fates.set(what, { addresses: [address], what })
    else known.addresses.push(address)
  }
  return [...fates.values()]
}

function fate(speech: Speech, { kind, facts }: Story, recipient: ReportedRecipient): string {
  const { texts } = speech
  const { action, reply, lastAttempt } = recipient
  if (action !== 'failed' && action !== 'delayed') return speech.say(texts[action], facts)
  const reason = reasonFor(recipient)
  const { what, advice }: ReasonTexts = texts.reasons[reason]
  // What is no refusal for good failed because time was up.
  const isExpired = action === 'failed' && (reply.code < 500 || reason === 'expired')
  return [
    what,
    ...(isExpired && lastAttempt !== undefined ? [texts.tried] : []),
    ...(kind === 'failed' ? [advice] : []),
  ]
    .map((text) => speech.say(text, facts))
    .filter((text) => text !== '')
    .join(' ')
}

function details(speech: Speech, story: Story, named: readonly ReportedRecipient[]): string {
  const { details: texts } = speech.texts
  const heading = speech.line(texts.heading, story.facts, 60)
  const blocks = named.map((recipient) => {
    const { remoteHost = '', remotePlace } = recipient
    const remote = plainText(remoteHost, 255)
    const from =
      remote === '' || remotePlace === undefined
        ? speech.say(texts.own, story.facts)
        : speech.say(texts.said, { remote })
    const said = wrap(`${from}\n${replyLine(recipient.reply)}`.trimStart(), indent)
    return [`<${addressText(recipient)}>`, ...leadsTo(speech, recipient), said].join('\n')
  })
  return [`--- ${heading} (${story.facts.id}) ---`, ...blocks].join('\n\n')
}

function leadsTo(speech: Speech, { recipient, finalRecipient }: ReportedRecipient): readonly string[] {
  if (sameAddress(recipient, finalRecipient)) return []
  const address = plainText(formatUnicodeAddress(finalRecipient), 400)
  return [wrap(speech.say(speech.texts.details.leadsTo, { address }), indent)]
}

function addressText({ recipient }: ReportedRecipient): string {
  return plainText(formatUnicodeAddress(recipient), 400)
}
