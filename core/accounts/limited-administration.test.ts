import { expect, it } from 'vitest'
import { errorCode } from '../errors.ts'
import { DirectoryAdministration } from './directory-administration.ts'
import { LimitedAdministration } from './limited-administration.ts'

const methods = Object.getOwnPropertyNames(DirectoryAdministration.prototype).filter(
  (name) => name !== 'constructor',
)

it('has everything that an administration has', () => {
  const own = Object.getOwnPropertyNames(LimitedAdministration.prototype)
  expect(own.filter((name) => name !== 'constructor').toSorted()).toEqual(methods.toSorted())
})

it.each(methods.filter((name) => name !== 'actingAs'))('%s is refused', async (name) => {
  const administration = new LimitedAdministration()
  const call = Reflect.get(administration, name) as () => Promise<unknown>
  expect(await call.call(administration).catch(errorCode)).toBe('MAIL_E_UNSUPPORTED')
})

it('acts as anybody', () => {
  const administration = new LimitedAdministration()
  expect(administration.actingAs('cli:root')).toBe(administration)
})
