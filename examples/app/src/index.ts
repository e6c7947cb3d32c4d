export { createExampleApp, type ExampleApp } from './app.js';
export { type AppRequest, type AppResponse, type AppRoute, failure } from './route.js';
export { type RunningExample, runExample } from './run.js';
export { readSettings, type Settings, SettingsError } from './settings.js';
