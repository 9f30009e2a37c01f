"""The steps of an upgrade, each whole or not begun."""

from __future__ import annotations

from django.db.migrations import Migration
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.state import ModelState, ProjectState
from django.db.models import BaseConstraint, Index


class KnownModels(ProjectState):
    """The models between two steps. Whenever one is added, Django makes all models anew that lead to one it refers to,
    which is nearly all, and for a new index or constraint its model and all beside it: two thirds of a first start.
    To a model that is new nobody refers, and an index is no part of what others know of a model."""

    def add_model(self, model_state: ModelState) -> None:
        made = self.__dict__.pop("apps", None)  # asking for it would make it
        super().add_model(model_state)
        if made is not None:
            made.render_multiple([model_state])
            self.__dict__["apps"] = made

    def add_index(self, app_label: str, model_name: str, index: Index) -> None:
        self._append(app_label, model_name, "indexes", index)

    def add_constraint(self, app_label: str, model_name: str, constraint: BaseConstraint) -> None:
        self._append(app_label, model_name, "constraints", constraint)

    def _append(self, app_label: str, model_name: str, option: str, added: Index | BaseConstraint) -> None:
        known = self.models[app_label, model_name]
        known.options[option] = [*known.options[option], added]
        if "apps" in self.__dict__:
            meta = self.apps.get_model(app_label, model_name)._meta
            setattr(meta, option, [*getattr(meta, option), added])

    def clone(self) -> KnownModels:
        return KnownModels.of(super().clone())

    @classmethod
    def of(cls, state: ProjectState) -> KnownModels:
        ours = cls(models=state.models, real_apps=state.real_apps)
        if "apps" in state.__dict__:
            ours.__dict__["apps"] = state.apps
        ours.is_delayed = state.is_delayed
        return ours


class WholeSteps(MigrationExecutor):
    """Django makes the indexes of a step when all else is done, and then writes down that it is done after the step's
    transaction: cut off between the two, a center never started again, because its tables were there already."""

    def _create_project_state(self, with_applied_migrations: bool = False) -> ProjectState:
        return KnownModels.of(super()._create_project_state(with_applied_migrations))  # type: ignore[misc]  # as Django 5 has it

    def apply_migration(
        self, state: ProjectState, migration: Migration, fake: bool = False, fake_initial: bool = False
    ) -> ProjectState:
        if fake or fake_initial:
            return super().apply_migration(state, migration, fake=fake, fake_initial=fake_initial)
        if self.progress_callback:
            self.progress_callback("apply_start", migration, fake)
        with self.connection.schema_editor(atomic=migration.atomic) as editor:
            state = migration.apply(state, editor)
            while editor.deferred_sql:
                editor.execute(editor.deferred_sql.pop(0), None)
            self.record_migration(migration)  # type: ignore[call-arg, arg-type]  # as Django 5 has it
        if self.progress_callback:
            self.progress_callback("apply_success", migration, fake)
        return state
