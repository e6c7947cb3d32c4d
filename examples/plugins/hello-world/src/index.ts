import { Plugin, PluginContext } from '@verifywise/plugin-types';

const plugin: Plugin = {
  manifest: require('../manifest.json'),

  async onInstall(context: PluginContext) {
    context.logger.info('Hello World plugin installed');

    // Initialize metadata
    await context.metadata.set('system', 0, 'installDate', new Date().toISOString());
  },

  async onUninstall(context: PluginContext) {
    context.logger.info('Hello World plugin uninstalled');

    if (context.options?.deleteData) {
      await context.metadata.deleteByPlugin();
      context.logger.info('Plugin data deleted');
    }
  },

  async onLoad(context: PluginContext) {
    context.logger.info('Hello World plugin loaded');
  },

  async onUnload(context: PluginContext) {
    context.logger.info('Hello World plugin unloaded');
  },

  async onEnable(context: PluginContext) {
    const greeting = context.config.get<string>('greeting', 'Hello');
    context.logger.info(`${greeting}, World! Plugin enabled.`);

    // Subscribe to project events
    context.on('project:created', async (payload) => {
      context.logger.info(`${greeting}! New project created: ${payload.projectName}`);
    });

    context.on('project:updated', async (payload) => {
      context.logger.info(`Project updated: ${payload.projectId}`);
    });
  },

  async onDisable(context: PluginContext) {
    context.logger.info('Hello World plugin disabled');
    // Event handlers automatically unsubscribed
  }
};

module.exports = plugin;
