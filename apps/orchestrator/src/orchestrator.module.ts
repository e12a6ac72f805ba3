import { Module, type DynamicModule } from '@nestjs/common';
import { OrchestratorController } from './orchestrator.controller.js';
import { Orchestrator } from './process/orchestrator.js';

/** The controller on an orchestrator that stands already. */
@Module({})
export class OrchestratorModule {
  static of(orchestrator: Orchestrator): DynamicModule {
    return {
      module: OrchestratorModule,
      controllers: [OrchestratorController],
      providers: [{ provide: Orchestrator, useValue: orchestrator }],
    };
  }
}
