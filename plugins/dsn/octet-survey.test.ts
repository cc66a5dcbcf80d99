import { expect, test } from 'vitest'
import { OctetSurvey, surveyOctets } from './octet-survey.ts'

test.each([
  ['', '7bit'],
  ['a\r\nb', '7bit'],
  ['ü\r\n', '8bit'],
  ['a\nb', 'binary'],
  ['a\rb', 'binary'],
  ['a\r', 'binary'],
  ['a\0', 'binary'],
  ['\r\r\n', 'binary'],
  [`${'x'.repeat(998)}\r\n`, '7bit'],
  [`ü${'x'.repeat(996)}\r\n${'x'.repeat(998)}`, '8bit'],
  [`${'x'.repeat(999)}\r\n`, 'binary'],
  ['x'.repeat(999), 'binary'],
])('%j needs %s, in one piece and octet by octet', (text, expected) => {
  const octets = Buffer.from(text)
  expect(surveyOctets(octets)).toBe(expected)
  const survey = new OctetSurvey()
  for (let at = 0; at < octets.length; at += 1) survey.push(octets.subarray(at, at + 1))
  expect(survey.result()).toBe(expected)
})
