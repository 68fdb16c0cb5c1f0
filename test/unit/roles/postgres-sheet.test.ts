import { expect, test } from 'vitest'
import {
  needsRestart,
  postgresParameters,
  refused,
  sharedMemoryMb,
  standbyBound,
  toMb,
} from '../../../roles/sheets/postgres.ts'

const at = (gb: number) =>
  postgresParameters({
    memoryMb: gb * 1024,
    cores: 16,
    maxConnections: 200,
    walVolumeMb: 100 * 1024,
    members: 3,
  })

test('32 GB is the reference of the deployment plan', () => {
  expect(at(32)).toMatchObject({
    shared_buffers: '8192MB',
    effective_cache_size: '22937MB',
    work_mem: '20MB',
    maintenance_work_mem: '2048MB',
    autovacuum_work_mem: '512MB',
    wal_buffers: '64MB',
    min_wal_size: '2048MB',
    max_wal_size: '16384MB',
    max_wal_senders: 10,
    random_page_cost: 1.1,
  })
})

test('64 GB doubles what follows memory, up to the caps; 2 GB has floors', () => {
  expect(at(64)).toMatchObject({
    shared_buffers: '16384MB',
    work_mem: '40MB',
    maintenance_work_mem: '2048MB',
  })
  expect(at(256).shared_buffers).toBe('24576MB')
  expect(at(2)).toMatchObject({ shared_buffers: '512MB', work_mem: '4MB', wal_buffers: '16MB' })
})

test('a slot of a dead standby never fills the disk', () => {
  expect(toMb(at(32).max_slot_wal_keep_size)).toBeLessThan(50 * 1024)
})

test('shared memory is what PostgreSQL itself said at 8 GB (4246 pages of 2 MB), within two percent', () => {
  expect(sharedMemoryMb(at(32)) / (4246 * 2)).toBeCloseTo(1, 1)
})

test('sizes are read as PostgreSQL reads them', () => {
  expect([toMb('8GB'), toMb('512MB'), toMb('2048kB'), toMb(16384)]).toEqual([8192, 512, 2, 128])
})

test('no parameter of the sheet is one that Patroni refuses; all standby-bound ones need a restart', () => {
  expect(Object.keys(at(32)).filter((name) => refused.has(name))).toEqual([])
  expect(standbyBound.filter((name) => !needsRestart.has(name))).toEqual([])
})
