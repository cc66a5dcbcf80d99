import queue from 'mailwright/plugins/queue'

export default [queue()]
