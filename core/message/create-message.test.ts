import { describe, expect, test } from 'vitest'
import { bufferContent, type Content } from '../model/content.ts'
import { createMessage } from './create-message.ts'

const message = (text: string) => createMessage(bufferContent(Buffer.from(text)))

describe('createMessage', () => {
  test('has header, size and structure of its octets', async () => {
    const made = await message('From: jo@example.org\r\nSubject: hi\r\n\r\nbody\r\n')
    expect(made.size).toBe(43)
    expect(made.content.size).toBe(made.size)
    expect(made.header.text('subject')).toBe('hi')
    const structure = await made.structure()
    expect(structure.root.header.text('subject')).toBe('hi')
    expect(made.structure()).toBe(made.structure())
  })

  test.each(['', '\r\n', 'no header at all', '\0', '\n\n\n'])('takes %j as a message', async (text) => {
    const made = await message(text)
    expect(made.size).toBe(text.length)
    await expect(made.structure()).resolves.toBeDefined()
  })

  test('reads a header beyond the first part, up to its limit', async () => {
    const long = `X-Long: ${'x'.repeat(200_000)}\r\nSubject: far away\r\n\r\nbody`
    expect((await message(long)).header.text('subject')).toBe('far away')
    const endless = await message('X: y\r\n'.repeat(300_000))
    expect(endless.header.ended).toBe(false)
    expect(endless.header.size).toBeLessThanOrEqual(1_048_576)
  })

  test('says of a header that goes on beyond the limit that it is not whole', async () => {
    const fields = `From: a@here.example\r\nX-Long: ${'x'.repeat(1_048_576)}\r\nFrom: b@here.example\r\n\r\n`
    const { header } = await message(fields)
    expect(header.all('from')).toHaveLength(1)
    expect(header.truncated).toBe(true)
    expect((await message(`X-Long: ${'x'.repeat(1_048_576 - 12)}\r\n\r\nbody`)).header).toMatchObject({
      truncated: false,
      ended: true,
    })
    expect((await message(`X-Long: ${'x'.repeat(1_048_576 - 8)}`)).header.truncated).toBe(false)
  })

  test('scans again where the content could not be read the first time', async () => {
    const good = bufferContent(Buffer.from('Subject: hi\r\n\r\nbody'))
    let works = false
    const content: Content = {
      ...good,
      stream: () => {
        if (!works) throw new Error('EIO')
        return good.stream()
      },
    }
    const made = await createMessage(content)
    await expect(made.structure()).rejects.toThrow('EIO')
    works = true
    await expect(made.structure()).resolves.toBeDefined()
  })

  test("gives mailparser's view of what is not too large", async () => {
    const made = await message('From: jo@example.org\r\nSubject: =?utf-8?q?gr=C3=BC=C3=9Fe?=\r\n\r\nbody')
    expect(await made.parsed()).toMatchObject({ subject: 'grüße', text: expect.stringContaining('body') })
    await expect(made.parsed(10)).rejects.toMatchObject({ code: 'MAIL_E_UNSUPPORTED' })
  })
})
