import { queueContract } from 'mailwright/testing'
import { createMemoryQueue } from './queue.ts'

queueContract({
  name: 'memory-queue',
  create: async ({ delivery }) => ({ queue: createMemoryQueue(delivery) }),
})
