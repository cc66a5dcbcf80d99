import { afterEach, expect, test } from 'vitest'
import { sendMail } from '../support/mail.ts'
import { type TemporaryProject, temporaryProject } from '../support/project.ts'
import { type ServerProcess, startServer } from '../support/server-process.ts'

// What a plugin does outside its taps, in a timer or a promise that nobody waits for, has no session to be answered.

const config = `
  import memory from 'mailwright/plugins/memory'
  import localDelivery from 'mailwright/plugins/local-delivery'
  import smtp from 'mailwright/plugins/smtp'
  import { definePlugin, noOptions } from 'mailwright'

  const careless = definePlugin({
    name: 'careless',
    parseOptions: noOptions,
    setup({ hooks }) {
      hooks.envelope.checkSender.tap('throw-later', async ({ reversePath }) => {
        if (reversePath?.localPart === 'timer') setTimeout(() => { throw new Error('thrown in a timer') }, 1)
        if (reversePath?.localPart === 'promise') Promise.reject(new Error('rejected and forgotten'))
        if (reversePath?.localPart === 'nothing') Promise.reject(undefined)
        return undefined
      })
    },
  })

  export default {
    plugins: [
      memory({ domains: ['here.example'], accounts: [{ address: 'me@here.example', password: 'secret-word' }] }),
      localDelivery(),
      careless(),
      smtp({ port: 0 }),
    ],
  }
`

let project: TemporaryProject
let server: ServerProcess | undefined

afterEach(async () => {
  await server?.stop()
  await project[Symbol.asyncDispose]()
})

test.each(['timer', 'promise'])('an error of a plugin in a %s is logged, and mail goes on', async (where) => {
  project = await temporaryProject({ 'mailwright.config.ts': config })
  server = await startServer(project.folder)
  const logged = server.logged('internal-error')
  const mail = { to: 'me@here.example', text: 'Subject: x\n\n' }
  expect(await sendMail(server.port('smtp'), { ...mail, from: `${where}@else.example` })).toMatch(/^250 /)
  expect(await logged).toMatchObject({
    error: where === 'timer' ? 'thrown in a timer' : 'rejected and forgotten',
    stack: expect.arrayContaining([expect.stringContaining('mailwright.config.ts')]),
  })
  expect(await sendMail(server.port('smtp'), { ...mail, from: 'other@else.example' })).toMatch(/^250 /)
})

test('a promise that is rejected with nothing is told of, too', async () => {
  project = await temporaryProject({ 'mailwright.config.ts': config })
  server = await startServer(project.folder)
  const logged = server.logged('internal-error')
  const mail = { from: 'nothing@else.example', to: 'me@here.example', text: 'Subject: x\n\n' }
  expect(await sendMail(server.port('smtp'), mail)).toMatch(/^250 /)
  expect(await logged).toMatchObject({ error: 'undefined was thrown' })
})
