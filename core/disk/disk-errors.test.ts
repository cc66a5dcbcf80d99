import { expect, it } from 'vitest'
import { errorCode, UnavailableError } from '../errors.ts'
import { isDiskFull, isMissing, storeError, systemCode, withStoreErrors } from './disk-errors.ts'

function failure(code: string, syscall?: string): Error {
  return Object.assign(new Error(code), { code, ...(syscall === undefined ? {} : { syscall }) })
}

it.each([
  ['an error of Node.js', failure('ENOENT', 'open'), 'ENOENT'],
  [
    'one of the kernel that Node.js does not know',
    failure('Unknown system error -117', 'read'),
    'Unknown system error -117',
  ],
  ['one of a native module', failure('EBADF'), 'EBADF'],
  ['a mistake in the program', failure('ERR_INVALID_ARG_TYPE'), undefined],
  ['an error of ours', new UnavailableError('no'), undefined],
  ['no error', 'ENOENT', undefined],
])('%s', (_, error, code) => {
  expect(systemCode(error)).toBe(code)
})

it('knows what is missing, and what is full', () => {
  expect(['ENOENT', 'ENOTDIR', 'EIO'].map((code) => isMissing(failure(code, 'open')))).toEqual([
    true,
    true,
    false,
  ])
  expect(['ENOSPC', 'EDQUOT', 'EIO'].map((code) => isDiskFull(failure(code, 'write')))).toEqual([
    true,
    true,
    false,
  ])
  expect(isDiskFull(new UnavailableError('no', { cause: failure('ENOSPC', 'write') }))).toBe(true)
})

it.each([
  ['EDQUOT', 'MAIL_E_OVER_QUOTA'],
  ['ENOSPC', 'MAIL_E_UNAVAILABLE'],
  ['Unknown system error -117', 'MAIL_E_UNAVAILABLE'],
])('%s is %s for those who use a store', async (code, ours) => {
  const error = failure(code, 'write')
  const told = await withStoreErrors('writing', () => Promise.reject(error)).catch(
    (thrown: unknown) => thrown,
  )
  expect(errorCode(told)).toBe(ours)
  expect((told as Error).cause).toBe(error)
})

it('names the limit for the size of files', () => {
  expect(storeError(failure('EFBIG', 'write'), 'writing')).toMatchObject({
    message: 'writing: the file size limit (ulimit -f) is too small',
  })
})

it('leaves what is not of the disk as it is', () => {
  const error = new TypeError('a mistake')
  expect(storeError(error, 'writing')).toBe(error)
})
