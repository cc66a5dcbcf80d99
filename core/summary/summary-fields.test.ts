import { describe, expect, it } from 'vitest'
import { parseHeader } from '../model/header/header.ts'
import { isSummaryField, keptFields, mimeFields } from './summary-fields.ts'

function header(...lines: readonly string[]) {
  return parseHeader(Buffer.from(`${lines.join('\r\n')}\r\n\r\n`))
}

function kept(...lines: readonly string[]) {
  const { fields, omitted } = keptFields(header(...lines))
  return { names: fields.map(({ name }) => name), omitted }
}

describe('isSummaryField', () => {
  it.each([
    'From',
    'subject',
    'REFERENCES',
    'List-Id',
    'X-Mailer',
    'X-Priority',
    'Return-Path',
    'Delivered-To',
    'Content-Type',
    'Autocrypt',
    'Archived-At',
    '__proto__',
    'x',
  ])('keeps %s', (name) => {
    expect(isSummaryField(name)).toBe(true)
  })

  it.each([
    'Received',
    'X-Received',
    'DKIM-Signature',
    'arc-seal',
    'ARC-Message-Signature',
    'Authentication-Results',
    'Received-SPF',
    'X-Spam-Status',
    'X-MS-Exchange-Organization-SCL',
    'X-Google-Smtp-Source',
    'X-Gm-Message-State',
    '',
    'x'.repeat(128),
  ])('leaves %s out', (name) => {
    expect(isSummaryField(name)).toBe(false)
  })
})

describe('keptFields', () => {
  it('keeps fields in order, duplicates included, without lines that are no field', () => {
    expect(kept('Received: a', 'From: b', 'stray', 'to: c', 'From: d', 'X-Spam-Flag: NO')).toEqual({
      names: ['From', 'to', 'From'],
      omitted: [],
    })
  })

  it('names fields above 8 KiB, each once', () => {
    const long = 'x'.repeat(8_192)
    expect(
      kept(`X-A: ${long}`, `x-a: ${long}`, 'X-A: short', `References: ${long}`, `Received: ${long}`),
    ).toEqual({
      names: ['X-A'],
      omitted: ['x-a', 'references'],
    })
  })

  it('keeps what IMAP lists whatever its size', () => {
    const long = 'x'.repeat(20_000)
    const names = ['To', 'Subject', 'Content-Type', 'Content-Disposition']
    expect(kept(...names.map((name) => `${name}: ${long}`))).toEqual({ names, omitted: [] })
  })

  it('keeps 64 KiB of other fields', () => {
    const lines = Array.from({ length: 1_000 }, (_, index) => `X-${index}: ${'x'.repeat(200)}`)
    const { names, omitted } = kept(...lines, 'From: a', 'X-1: b')
    expect(names.length + omitted.length).toBe(1_002)
    expect(names.length).toBeGreaterThan(300)
    expect(names.length).toBeLessThan(330)
    expect([names.slice(-2), omitted.at(-1)]).toEqual([['From', 'X-1'], 'x-999'])
  })
})

describe('mimeFields', () => {
  it('keeps what begins with Content-', () => {
    const { fields } = mimeFields(
      header('Subject: a', 'content-id: b', 'X-Content-Type: c', 'Content-Foo: d'),
    )
    expect(fields.map(({ name }) => name)).toEqual(['content-id', 'Content-Foo'])
  })
})
