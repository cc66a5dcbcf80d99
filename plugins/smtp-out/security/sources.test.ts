import { createSecureContext } from 'node:tls'
import { capturedLog, fakeClock, fakeResolver } from 'mailwright/testing'
import { expect, test, vi } from 'vitest'
import { securitySources } from './sources.ts'

test('policies of MTA-STS are fetched from whom we trust', async () => {
  const trusting = vi.fn(() => createSecureContext())
  const { published } = securitySources({
    ...{ dane: false, mtaSts: true, tlsReports: false, database: undefined, trusting },
    ...{ clock: fakeClock(), log: capturedLog() },
    resolver: fakeResolver({
      '_mta-sts.there.example': { txt: ['v=STSv1; id=1;'] },
      'mta-sts.there.example': { failure: 'SERVFAIL' },
    }),
  })
  const candidate = { host: 'mx.there.example', port: 25, secure: false }
  expect(await published[0]?.requirementFor('there.example', candidate)).toBeUndefined()
  expect(trusting).toHaveBeenCalledOnce()
})
