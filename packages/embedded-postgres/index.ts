export { startEmbeddedPostgres } from './embedded-postgres';
