import { bufferContent, type Content, type Message, quotedPrintable, type Slice } from 'mailwright'
import { OctetSurvey, surveyOctets } from './octet-survey.ts'

/** What of the message goes back (RFC 6522 §3). */
export interface ReturnedPart {
  readonly holds: 'message' | 'header'
  readonly type: string
  readonly encoding: '7bit' | '8bit' | 'quoted-printable'
  /** The octets of the part. */
  readonly slices: readonly Slice[]
}

/**
 * The whole message, octet for octet; undefined where it holds what cannot be sent like that (NUL, lines of more than 998
 * octets): a message/rfc822 must not be encoded (RFC 2046 §5.2.1). Rejects where it cannot be read.
 */
export async function returnedMessage(
  { content, header }: Message,
  smtpUtf8: boolean,
): Promise<ReturnedPart | undefined> {
  const survey = new OctetSurvey()
  for await (const chunk of content.stream()) survey.push(chunk as Buffer)
  const encoding = survey.result()
  if (encoding === 'binary') return undefined
  const type = smtpUtf8 && header.hasEightBit ? 'message/global' : 'message/rfc822'
  return { holds: 'message', type, encoding, slices: [whole(content)] }
}

/** The header alone, so much of it as the limit lets, in whole lines. What cannot be sent as it is becomes quoted-printable. */
export function returnedHeader({ header }: Message, smtpUtf8: boolean, limit: number): ReturnedPart {
  const octets = wholeLines(header.raw, limit)
  const found = surveyOctets(octets)
  const type = smtpUtf8 && header.hasEightBit ? 'message/global-headers' : 'text/rfc822-headers'
  if (found !== 'binary')
    return { holds: 'header', type, encoding: found, slices: [whole(bufferContent(octets))] }
  const encoded = bufferContent(Buffer.from(quotedPrintable(octets), 'latin1'))
  return { holds: 'header', type, encoding: 'quoted-printable', slices: [whole(encoded)] }
}

/** Without the empty line at the end. */
function wholeLines(octets: Buffer, limit: number): Buffer {
  if (octets.length > limit) return octets.subarray(0, octets.lastIndexOf('\n', limit - 1) + 1)
  const end = octets.subarray(-4).toString('latin1')
  if (end === '\r\n\r\n' || end === '\r\n') return octets.subarray(0, -2)
  return end.endsWith('\n\n') ? octets.subarray(0, -1) : octets
}

function whole(content: Content): Slice {
  return { content, start: 0, end: content.size }
}
