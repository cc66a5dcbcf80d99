import database from 'mailwright/plugins/database'
import { createTestHost } from 'mailwright/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  type DatabaseUnderTest,
  databaseKind,
  databaseUnderTest,
} from '../../test/support/database-under-test.ts'
import { thingsTables } from '../../test/support/things-tables.ts'

let underTest: DatabaseUnderTest

beforeEach(async () => {
  underTest = await databaseUnderTest()
})

afterEach(() => underTest[Symbol.asyncDispose]())

describe(`the check that ${databaseKind} can be written`, () => {
  test.each([
    ['without tables', []],
    ['with tables', [thingsTables()]],
  ])('is well %s, and fails once it is closed', async (_, more) => {
    await using host = await createTestHost({ plugins: [database(underTest.options), ...more] })
    const { health } = host.host.instruments
    const find = async () => (await health.own()).find(({ name }) => name === 'database/writable')
    expect(await find()).toMatchObject({ state: 'pass' })
    await host.stop()
    await expect.poll(find, { timeout: 5_000 }).toMatchObject({ state: 'fail', reason: 'MAIL_E_UNAVAILABLE' })
  })
})
