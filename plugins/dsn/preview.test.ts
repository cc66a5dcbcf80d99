import { UsageError } from 'mailwright'
import { capturedLog, fakeClock } from 'mailwright/testing'
import { expect, test } from 'vitest'
import { type DsnInput, parseOptions } from './options.ts'
import { previewCommand } from './preview.ts'

function preview(options: Readonly<Record<string, string>>, config: DsnInput = {}) {
  const surroundings = { hostname: 'mail.example.org', clock: fakeClock(), log: capturedLog() }
  const command = previewCommand(parseOptions({ timeZone: 'UTC', ...config }), surroundings)
  return command.run({ arguments: [], options })
}

test.each([
  ['failed', 'Not delivered: Minutes of the meeting'],
  ['delayed', 'Delayed: Minutes of the meeting'],
  ['delivered', 'Delivered: Minutes of the meeting'],
  ['relayed', 'Passed on: Minutes of the meeting'],
  ['expanded', 'Delivered: Minutes of the meeting'],
  ['lost', 'Neither delivered nor returned: Minutes of the meeting'],
])('shows %s', async (kind, subject) => {
  const { json, text } = await preview({ kind })
  expect(text).toContain(`Subject: ${subject}\n`)
  expect(text).toContain('\nReporting-MTA: dns; mail.example.org\n')
  expect(json).toMatchObject({ kind, language: 'en', subject })
})

test('what an expanded address and a lost message have of their own', async () => {
  expect((await preview({ kind: 'expanded' })).text).toMatch(/The address stands for several others/)
  expect((await preview({ kind: 'expanded' })).text).toContain('\nAction: expanded\n')
  const lost = (await preview({ kind: 'lost' })).text
  expect(lost).toContain('\nThe message is attached.\n')
  expect(lost).not.toMatch(/your message/i)
})

test('shows changed texts, in a language', async () => {
  const texts = { de: { systemName: 'Post von {host}', opening: { failed: 'Leider nein.' } } }
  const { text, json } = await preview({ language: 'de-DE' }, { texts })
  expect(text).toMatch(/^From: Post von mail\.example\.org <postmaster@mail\.example\.org>\n/)
  expect(text).toContain('\n\nLeider nein.\n\n')
  expect(json).toMatchObject({
    language: 'de',
    message: expect.stringContaining('\r\nContent-Language: de\r\n'),
  })
})

test('takes no other words', async () => {
  await expect(preview({ kind: 'bounced' })).rejects.toThrow(UsageError)
  await expect(preview({ language: 'tlh' })).rejects.toThrow(UsageError)
})
