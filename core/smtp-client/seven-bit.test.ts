import { describe, expect, test } from 'vitest'
import { createMessage } from '../message/create-message.ts'
import { bufferContent } from '../model/content.ts'
import { scanMessage } from '../model/mime/mime.ts'
import { isSevenBit, sevenBitContent } from './seven-bit.ts'

const nl = '\r\n'

async function converted(text: string): Promise<string | undefined> {
  const message = await createMessage(bufferContent(Buffer.from(text, 'latin1')))
  const chunks = await sevenBitContent(message)
  if (chunks === undefined) return undefined
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
    const result = (await converted(multipart('mixed', text, image, ascii))) ?? ''
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
    expect(await converted(multipart('signed', text))).toBeUndefined()
  })

  const mime = `MIME-Version: 1.0${nl}`
  const partial = `Content-Type: message/partial; id=a; number=1; total=2${nl}Content-Transfer-Encoding: 8bit${nl}${nl}`
  const mixed = `Content-Type: multipart/mixed; boundary=b${nl}${nl}`
  const text = `Content-Type: text/plain; charset=utf-8${nl}Content-Transfer-Encoding: 8bit${nl}${nl}\xc3\xbc${nl}`
  test.each([
    ['a message/partial', `${mime}${partial}Subject: x${nl}${nl}\xc3\xbc${nl}`],
    ['a preamble', `${mime}${mixed}\xfc${nl}--b${nl}${text}--b--${nl}`],
    ['an epilogue', `${mime}${mixed}--b${nl}${text}--b--${nl}\xfc${nl}`],
    ['the header of a part', `${mime}${mixed}--b${nl}Content-Description: \xfc${nl}${text}--b--${nl}`],
    [
      'the header of a message within',
      `${mime}${mixed}--b${nl}Content-Type: message/rfc822${nl}${nl}Subject: \xfc${nl}${text}--b--${nl}`,
    ],
    ['quoted-printable that is none', `${mime}${text.replace('8bit', 'quoted-printable')}`],
    ['an encoding that nobody knows', `${mime}${text.replace('8bit', 'x-foo')}`],
  ])('octets that no encoding can be put on are not sent: %s', async (_, message) => {
    expect(await converted(message)).toBeUndefined()
  })

  test('but those of its header are', async () => {
    expect(await converted(`Subject: \xfc${nl}${mime}${text}`)).toBe(
      `Subject: \xfc${nl}${mime}${text.replace('8bit', 'quoted-printable').replace('\xc3\xbc', '=C3=BC')}`,
    )
    expect(await converted(`Subject: \xfc${nl}${mime}${partial}plain${nl}`)).toBe(
      `Subject: \xfc${nl}${mime}${partial.replace('8bit', '7bit')}plain${nl}`,
    )
  })

  test('octets of 7 bits are recognised', async () => {
    expect(await isSevenBit(bufferContent(Buffer.from('plain')))).toBe(true)
    expect(await isSevenBit(bufferContent(Buffer.from('gr\xfc\xdfe')))).toBe(false)
  })
})
