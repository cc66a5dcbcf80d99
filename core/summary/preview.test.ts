import { describe, expect, it } from 'vitest'
import { scanMessage } from '../model/mime/mime-scanner.ts'
import { previewOf } from './preview.ts'

function preview(...lines: readonly string[]): string {
  const octets = Buffer.from(lines.join('\r\n'))
  return previewOf(scanMessage(octets).root, octets)
}

const mixed = 'Content-Type: multipart/mixed; boundary=b'
const plain = 'Content-Type: text/plain; charset=utf-8'
const html = 'Content-Type: text/html; charset=utf-8'

describe('previewOf', () => {
  it('folds white space and what is not seen between it', () => {
    expect(
      preview('Subject: x', '', ' \tone', '', 'two\x00\x1b three\u00a0\u200c\u00a0\u200c four', ''),
    ).toBe('one two three four')
  })

  it('leaves what joins or parts within a word', () => {
    expect(preview(plain, '', '\u{1f468}\u200d\u{1f469} \u0645\u06cc\u200c\u062e')).toBe(
      '\u{1f468}\u200d\u{1f469} \u0645\u06cc\u200c\u062e',
    )
  })

  it('has at most 200 characters and breaks none', () => {
    expect(preview(plain, '', 'x'.repeat(500))).toBe('x'.repeat(200))
    const faces = preview(plain, '', `x${'\u{1f600}'.repeat(300)}`)
    expect(faces).toBe(`x${'\u{1f600}'.repeat(99)}`)
    expect(preview(plain, '', `${'x'.repeat(199)} y`)).toBe('x'.repeat(199))
  })

  it('takes text/plain before text/html, wherever they stand', () => {
    const parts = ['--b', html, '', '<p>html</p>', '--b', plain, '', 'plain', '--b--']
    expect(preview(mixed, '', ...parts)).toBe('plain')
  })

  it('takes HTML where there is no plain text, or none in it', () => {
    expect(preview(html, '', '<style>p {}</style><p>Gr&uuml;&szlig;e</p><p>two</p>')).toBe('Grüße two')
    expect(preview(mixed, '', '--b', plain, '', ' ', '--b', html, '', '<b>html</b>', '--b--')).toBe('html')
  })

  it('passes over attachments and attached messages', () => {
    const attached = ['--b', plain, 'Content-Disposition: attachment; filename=a.txt', '', 'attached']
    const message = ['--b', 'Content-Type: message/rfc822', '', plain, '', 'inner']
    expect(preview(mixed, '', ...attached, '--b', html, '', 'shown', '--b--')).toBe('shown')
    expect(preview(mixed, '', ...message, '--b', html, '', 'shown', '--b--')).toBe('shown')
    expect(preview(mixed, '', ...attached, ...message, '--b--')).toBe('')
    expect(preview('Content-Type: message/rfc822', '', 'Subject: x', '', 'inner')).toBe('')
  })

  it('decodes transfer encoding and charset', () => {
    expect(preview(plain, 'Content-Transfer-Encoding: base64', '', 'R3LDvMOfZQ==')).toBe('Grüße')
    expect(
      preview(
        'Content-Type: text/plain; charset=iso-8859-1',
        'Content-Transfer-Encoding: quoted-printable',
        '',
        'Gr=FC=DFe=',
        '!',
      ),
    ).toBe('Grüße!')
  })

  it('breaks no character where it stops reading', () => {
    // Little text in many octets, so that all 32 KiB are read, with the limit in every place of a character.
    for (let shift = 0; shift < 6; shift += 1) {
      const padding = '\n'.repeat(32_768 - 100 + shift)
      const body = 'ü€\u{1f600}'.repeat(400)
      for (const type of [plain, 'Content-Type: text/plain']) {
        const text = preview(type, '', padding + body)
        expect(text).toMatch(/^(?:ü€\u{1f600})+(?:ü€?)?$/u)
      }
      const quoted = Buffer.from(body)
        .toString('latin1')
        .replace(/./gs, (octet) => `=${octet.charCodeAt(0).toString(16).toUpperCase()}`)
      expect(preview(plain, 'Content-Transfer-Encoding: quoted-printable', '', padding + quoted)).toMatch(
        /^(?:ü€\u{1f600})+(?:ü€?)?$/u,
      )
    }
  })

  it('finds text behind styles', () => {
    expect(preview(html, '', `<style>${'p { color: red }\n'.repeat(1_500)}</style>text`)).toBe('text')
  })

  it('is empty where there is no text', () => {
    expect(preview('Subject: x', '', '')).toBe('')
    expect(preview('Content-Type: image/png', '', 'text')).toBe('')
    expect(previewOf(scanMessage(Buffer.alloc(0)).root, Buffer.alloc(0))).toBe('')
  })

  it('does not look at parts that begin behind the octets', () => {
    const octets = Buffer.from(
      [mixed, '', '--b', 'Content-Type: image/png', '', 'x', '--b', plain, '', 'late', '--b--'].join('\r\n'),
    )
    expect(previewOf(scanMessage(octets).root, octets)).toBe('late')
    expect(previewOf(scanMessage(octets).root, octets.subarray(0, 60))).toBe('')
  })

  it.each(['x-unknown', 'utf-7', 'utf-8\0', 'utf-16', ''])('answers for the charset %j', (charset) => {
    expect(preview(`Content-Type: text/plain; charset="${charset}"`, '', 'text').length).toBeLessThanOrEqual(
      4,
    )
  })
})
