import { ConfigError } from 'mailwright'
import { expect, test } from 'vitest'
import { faultPathsOf } from '../../test/support/config-faults.ts'
import { parseOptions } from './options.ts'

test('defaults', () => {
  expect(parseOptions({})).toMatchObject({
    from: undefined,
    language: 'en',
    followLanguage: false,
    timeZone: undefined,
    delayWarnings: true,
    doubleBounces: { localPart: 'postmaster', domain: '' },
    copyTo: undefined,
    returnLimit: 51_200,
  })
})

test('what a config may write', () => {
  const options = parseOptions({
    from: 'Post =?utf-8?Q?f=C3=BCr_alle?= <mailer-daemon@example.org>',
    language: 'de-CH',
    doubleBounces: 'lost@example.org',
    copyTo: 'Postmaster',
    timeZone: 'Europe/Berlin',
    returnLimit: '1M',
  })
  expect(options).toMatchObject({
    from: { name: 'Post für alle', address: { localPart: 'mailer-daemon', domain: 'example.org' } },
    language: 'de',
    doubleBounces: { localPart: 'lost', domain: 'example.org' },
    copyTo: { localPart: 'postmaster', domain: '' },
    timeZone: 'Europe/Berlin',
    returnLimit: 1_048_576,
  })
  expect(parseOptions({ from: 'x@example.org' }).from?.name).toBeUndefined()
  expect(parseOptions({ doubleBounces: false }).doubleBounces).toBeUndefined()
})

test('every fault is told with its path', () => {
  const input = {
    from: 'nobody',
    language: 'tlh',
    timeZone: 'Mars/Olympus',
    doubleBounces: true,
    copyTo: 'me',
    returnLimit: 5,
    texts: {
      'not a tag': {},
      'aaaaaaaaa-1': {},
      de: { closing: 5, subject: { faild: 'x' }, reasons: 'x', __proto__: null },
      en: null,
    },
    delayWarning: true,
  }
  const faults = faultPathsOf(parseOptions, input)
  expect(new Set(faults)).toEqual(
    new Set([
      'from',
      'language',
      'timeZone',
      'doubleBounces',
      'copyTo',
      'returnLimit',
      'texts.not a tag',
      'texts.aaaaaaaaa-1',
      'texts.de.closing',
      'texts.de.subject.faild',
      'texts.de.reasons',
      'texts.en',
      'delayWarning',
    ]),
  )
  expect(() => parseOptions({ texts: 'de' })).toThrow(ConfigError)
  expect(() => parseOptions({ texts: { de: { subject: { faild: 'x' } } } })).toThrow('did you mean "failed"?')
})
