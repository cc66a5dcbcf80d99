import { bufferContent, createMessage, type Message, reply, type StatusReport } from 'mailwright'
import { capturedLog, fakeClock } from 'mailwright/testing'
import { describe, expect, test } from 'vitest'
import { type DsnInput, parseOptions } from './options.ts'
import { sampleRecipient, sampleReport, sampleSender } from './sample-report.ts'
import type { TextKind } from './texts.ts'
import { Writer } from './writer.ts'

const clock = fakeClock()
const original = 'Subject: Lunch\r\n\r\nAt noon?\r\n'

function messageOf(text: string): Promise<Message> {
  return createMessage(bufferContent(Buffer.from(text)))
}

async function drafted(
  given: Partial<StatusReport>,
  options: DsnInput = {},
  { kind = 'failed', whole = true }: { readonly kind?: TextKind; readonly whole?: boolean } = {},
) {
  const log = capturedLog()
  const writer = new Writer(parseOptions(options), { hostname: 'mail.example.org', clock, log })
  const report = { ...(await sampleReport('failed', clock.now())), ...given }
  const { recipients } = report
  return { log, draft: await writer.draft(report, { to: sampleSender, kind, recipients, whole }) }
}

describe('what goes back', () => {
  test('is all of a message up to a limit', async () => {
    const typeOf = async (text: string, options?: DsnInput, whole = true) => {
      const { draft } = await drafted({ message: await messageOf(text) }, options, { whole })
      return [draft.returned.type, draft.text.includes('Your message is attached.')]
    }
    const large = `${original}${'text\r\n'.repeat(10_000)}`
    expect(await typeOf(original)).toEqual(['message/rfc822', true])
    expect(await typeOf(original, {}, false)).toEqual(['text/rfc822-headers', false])
    expect(await typeOf(large)).toEqual(['text/rfc822-headers', false])
    expect(await typeOf(large, { returnLimit: '100k' })).toEqual(['message/rfc822', true])
    expect(await typeOf(`${original}${'x'.repeat(1_000)}`)).toEqual(['text/rfc822-headers', false])
  })

  test('is the header where there is no more of it, and the size is that of the whole', async () => {
    const tooLarge = sampleRecipient(1, 'failed', reply(552, '5.3.4', 'Too large'), 0)
    const { remoteHost: _, remotePlace: __, ...here } = tooLarge
    const { draft } = await drafted({
      message: await messageOf(original),
      size: 30_000_000,
      recipients: [here],
    })
    expect(draft.returned.type).toBe('text/rfc822-headers')
    expect(draft.text.replaceAll(/\s+/g, ' ')).toContain(
      'The message is larger (30 MB) than this mail system takes.',
    )
    expect(draft.text).toContain('The header of the message is attached, without its text.')
  })

  test('is the header where the rest cannot be read', async () => {
    const { header, content, structure, parsed } = await messageOf(original)
    const stream = () => {
      throw new Error('the disk is away')
    }
    const message = { header, size: content.size, structure, parsed, content: { ...content, stream } }
    const { draft, log } = await drafted({ message })
    expect(draft.returned.type).toBe('text/rfc822-headers')
    expect(log.lines).toMatchObject([{ level: 'warn', event: 'unavailable', transaction: 'SAMPLE' }])
  })
})

describe('the language', () => {
  const subjectOf = async (options: DsnInput, fields = '', kind: TextKind = 'failed') => {
    const message = await messageOf(`${fields}${original}`)
    return (await drafted({ message }, options, { kind })).draft.subject
  }

  test('is that of the config, or of the message', async () => {
    const fields = 'Accept-Language: fr;q=1.0, de-AT;q=0.7, en;q=0.2\r\n'
    expect(await subjectOf({})).toBe('Not delivered: Lunch')
    expect(await subjectOf({ language: 'de' })).toBe('Nicht zugestellt: Lunch')
    expect(await subjectOf({}, fields)).toBe('Not delivered: Lunch')
    expect(await subjectOf({ followLanguage: true }, fields)).toBe('Nicht zugestellt: Lunch')
    expect(await subjectOf({ followLanguage: true, language: 'de' }, 'Content-Language: fr\r\n')).toBe(
      'Nicht zugestellt: Lunch',
    )
  })

  test('is that of the config for the postmaster', async () => {
    expect(await subjectOf({ followLanguage: true }, 'Content-Language: de\r\n', 'lost')).toBe(
      'Neither delivered nor returned: Lunch',
    )
  })

  test('texts of a config that throw do not keep the notification back', async () => {
    const failed = () => {
      throw new Error('no words')
    }
    const { draft, log } = await drafted({}, { language: 'de', texts: { de: { opening: { failed } } } })
    expect([draft.language, draft.subject]).toEqual(['en', 'Not delivered: Minutes of the meeting'])
    expect(log.lines).toMatchObject([{ level: 'error', event: 'plugin-failed', error: 'no words' }])
  })
})

test('every text of both languages can be said', async () => {
  const codes = [
    '1.1',
    '1.2',
    '2.2',
    '2.1',
    '3.4',
    '7.1',
    '7.26',
    '1.8',
    '4.1',
    '4.6',
    '7.30',
    '6.7',
    '6.1',
    '5.3',
    '3.0',
    '4.7',
  ]
  const recipients = codes.map((code, index) =>
    sampleRecipient(index, 'failed', reply(550, `5.${code}`, 'x'), clock.now()),
  )
  const others = [
    sampleRecipient(98, 'delivered', reply(250, '2.0.0', 'x'), 0),
    sampleRecipient(99, 'relayed', reply(250, '2.0.0', 'x'), 0),
  ]
  for (const language of ['en', 'de'])
    for (const kind of ['failed', 'delayed', 'delivered', 'lost'] as const)
      for (const message of [await messageOf(original), await messageOf('\r\n')]) {
        const { draft, log } = await drafted(
          { message, recipients: [...recipients, ...others] },
          { language },
          { kind },
        )
        expect(log.lines).toEqual([])
        expect(draft.subject).not.toBe('')
        expect(draft.text).not.toMatch(/undefined|NaN|\{|\}/)
        expect(draft.text).toContain('\n--- Techni')
      }
})
