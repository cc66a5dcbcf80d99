import { expect, it } from 'vitest'
import { levelOfMboxFile, mboxFileName } from './mbox-file-name.ts'

it.each([
  ['*star%', '*star%25'],
  ['.Empty', '%2eEmpty'],
  ['Work.sbd', 'Work%2esbd'],
  ['Work.v2', 'Work.v2'],
  ['%25', '%2525'],
  ['Tom & Jerry', 'Tom & Jerry'],
  ['R&AOk-sum&AOk-', 'R%26AOk-sum%26AOk-'],
  ['Résumé', 'Résumé'],
])('%j is the file %j, and the other way round', (level, name) => {
  expect(mboxFileName(level)).toBe(name)
  expect(levelOfMboxFile(name)).toBe(level)
})

it.each([
  ['R&AOk-sum&AOk-', 'Résumé'],
  ['100%', '100%'],
  ['a%2eb', 'a%2eb'],
  ['a%20b', 'a%20b'],
])('%j of another program is %j', (name, level) => {
  expect(levelOfMboxFile(name)).toBe(level)
})
