import { bufferContent, createMessage, scanMessage } from 'mailwright'
import { describe, expect, test } from 'vitest'
import { isSevenBit, sevenBitContent } from './seven-bit.ts'

const nl = '\r\n'

async function converted(text: string): Promise<string> {
  const message = await createMessage(bufferContent(Buffer.from(text, 'latin1')))
  const chunks = await sevenBitContent(message)
  if (typeof chunks === 'string') return chunks
  const octets: Buffer[] = []
  for await (const chunk of chunks()) octets.push(chunk)
  return Buffer.concat(octets).toString('latin1')
}

function multipart(subtype: string, ...parts: readonly string[]): string {
  const head = `MIME-Version: 1.0${nl}Content-Type: multipart/${subtype}; boundary=b${nl}Content-Transfer-Encoding: 8bit${nl}${nl}`
  return `${head}${parts.map((part) => `--b${nl}${part}${nl}`).join('')}--b--${nl}`
}

describe('a message for hosts without 8BITMIME (RFC 6152)', () => {
  test('text becomes quoted-printable', async () => {
    const header = `MIME-Version: 1.0${nl}Content-Type: text/plain; charset=iso-8859-1${nl}`
    expect(
      await converted(`${header}Content-Transfer-Encoding: 8bit${nl}${nl}gr\xfc\xdfe${nl}a=b ${nl}`),
    ).toBe(`${header}Content-Transfer-Encoding: quoted-printable${nl}${nl}gr=FC=DFe${nl}a=3Db=20${nl}`)
  })

  test('also where nobody said what it is', async () => {
    expect(await converted(`Subject: x${nl}${nl}\xfc${nl}`)).toBe(
      `Subject: x${nl}MIME-Version: 1.0${nl}Content-Transfer-Encoding: quoted-printable${nl}${nl}=FC${nl}`,
    )
  })

  test('parts are encoded by what they are, and what holds them says so', async () => {
    const text = `Content-Type: text/plain${nl}Content-Transfer-Encoding: 8bit${nl}${nl}\xfc`
    const image = `Content-Type: image/png${nl}Content-Transfer-Encoding: binary${nl}${nl}\xff\x00${nl}\xfe`
    const ascii = `Content-Type: text/plain${nl}${nl}plain`
    const result = await converted(multipart('mixed', text, image, ascii))
    expect([...Buffer.from(result, 'latin1')].every((octet) => octet < 128)).toBe(true)
    const { root } = scanMessage(Buffer.from(result, 'latin1'))
    expect([root, ...root.children].map(({ encoding }) => encoding)).toEqual([
      '7bit',
      'quoted-printable',
      'base64',
      '7bit',
    ])
    expect(result).toContain(Buffer.from('\xff\x00\r\n\xfe', 'latin1').toString('base64'))
  })

  test('a signature is not broken', async () => {
    const text = `Content-Type: text/plain${nl}Content-Transfer-Encoding: 8bit${nl}${nl}\xfc`
    expect(await converted(multipart('signed', text))).toBe('signed part')
  })

  test('octets of 7 bits are recognised', async () => {
    expect(await isSevenBit(bufferContent(Buffer.from('plain')))).toBe(true)
    expect(await isSevenBit(bufferContent(Buffer.from('gr\xfc\xdfe')))).toBe(false)
  })
})
