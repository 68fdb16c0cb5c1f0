import { expect, test } from 'vitest'
import { portMatrix } from '../../../roles/sheets/ports.ts'
import { stackPorts } from '../../../roles/sheets/preflight.ts'

const told = (isMonitored: boolean) =>
  stackPorts(isMonitored).map(({ protocol, port, owner }) => [
    `${protocol}/${port}`,
    typeof owner === 'string' ? owner : 'file',
  ])

test('every port that a role declares is looked at, those of the monitoring where there is one', () => {
  const declared = portMatrix.flatMap(({ protocol, ports }) =>
    protocol === 'tcp' || protocol === 'udp' ? ports.map((port) => `${protocol}/${port}`) : [],
  )
  const looked = told(true).map(([port]) => port)
  expect(declared.filter((port) => !looked.includes(port))).toEqual([])
  expect(looked).toEqual(expect.arrayContaining(['tcp/2381', 'tcp/9323', 'udp/123', 'udp/4789', 'tcp/8432']))
  expect(told(false).map(([port]) => port)).not.toContain('tcp/9100')
})

test('who holds a port is told by what runs it, not by the name of a process', () => {
  expect(Object.fromEntries(told(true))).toMatchObject({
    'tcp/5432': 'service',
    'tcp/2377': 'engine',
    'tcp/9323': 'engine',
    'udp/123': 'file',
    'tcp/9100': 'file',
    'tcp/9090': 'service',
  })
})
