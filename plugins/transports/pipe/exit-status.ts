import { type Deferred, type Failed, type Outcome, reply, replyText } from 'mailwright'

/** What became of a program. */
export interface Ended {
  /** Null where a signal ended it. */
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** It did not end in its time, and was ended. */
  readonly timedOut: boolean
  /** The first of what it wrote. */
  readonly output: string
}

/** sysexits.h, with the enhanced codes that pipe(8) has for them. */
const statuses: Readonly<Record<number, readonly [enhanced: string, text: string]>> = {
  64: ['5.3.0', 'it was called in a wrong way'],
  65: ['5.6.0', 'the data are in no format that it takes'],
  66: ['5.3.0', 'it lacks its input'],
  67: ['5.1.1', 'there is no such user'],
  68: ['5.1.2', 'there is no such host'],
  69: ['5.3.0', 'the service is unavailable'],
  70: ['5.3.0', 'it has an internal error'],
  71: ['4.3.0', 'the system lacks something'],
  72: ['5.3.0', 'a file of the system is missing'],
  73: ['5.2.0', 'it cannot write its output'],
  74: ['5.3.0', 'reading or writing failed'],
  75: ['4.3.0', 'it wants the message later'],
  76: ['5.5.0', 'the protocol was violated'],
  77: ['5.7.0', 'it may not do that'],
  78: ['5.3.5', 'its configuration is wrong'],
}

/**
 * What a program's end means: 0 is delivered, sysexits.h for the rest, other numbers are failures for good; a signal, or
 * no end in its time, means later. Output that begins with an enhanced status code has the last word over a failure.
 */
export function outcomeOfEnd({ code, signal, timedOut, output }: Ended): Outcome {
  const said = output.replaceAll(/\s+/g, ' ').trim()
  if (code === 0 && !timedOut)
    return { kind: 'delivered', text: replyText(`by a program${said === '' ? '' : `: ${said}`}`) }
  if (timedOut) return failure('4.3.0', 'the program did not end in its time', '')
  if (code === null) return failure('4.3.0', `the program was ended by ${signal}`, said)
  const [, given, rest = ''] = /^([45]\.\d{1,3}\.\d{1,3})(?: (.*))?$/.exec(said) ?? []
  const [enhanced, text] = statuses[code] ?? ['5.3.0', `it ended with ${code}`]
  // It has looked at the message: others' may fare otherwise.
  return {
    ...(given === undefined ? failure(enhanced, text, said) : failure(given, text, rest)),
    concerns: 'recipient',
  }
}

function failure(enhanced: string, text: string, said: string): Deferred | Failed {
  const isForGood = enhanced.startsWith('5')
  const answer = reply(
    isForGood ? 550 : 451,
    enhanced,
    replyText(`The program for that address: ${text}${said === '' ? '' : `: ${said}`}`),
  )
  return isForGood ? { kind: 'failed', reply: answer } : { kind: 'deferred', reply: answer }
}
