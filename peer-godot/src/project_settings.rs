//! Settings of the project.

use godot::builtin::{Variant, VariantType, vdict};
use godot::classes::ProjectSettings;
use godot::prelude::*;

/// Declared so that a project which has it set is not warned of an unknown setting: channels open as they are used, so there
/// is nothing for it to decide.
const MAX_CHANNELS: &str = "steam/multiplayer_peer/max_channels";

/// GodotSteam's default.
const DEFAULT_MAX_CHANNELS: i64 = 4;

/// Declares them to the engine and the editor.
pub(crate) fn register() {
    let mut settings = ProjectSettings::singleton();
    let default = Variant::from(DEFAULT_MAX_CHANNELS);
    if !settings.has_setting(MAX_CHANNELS) {
        settings.set_setting(MAX_CHANNELS, &default);
    }
    settings.set_initial_value(MAX_CHANNELS, &default);
    settings.set_as_basic(MAX_CHANNELS, false);
    let property = vdict! {
        "name" => MAX_CHANNELS,
        "type" => VariantType::INT,
        "hint" => godot::register::info::PropertyHint::RANGE,
        "hint_string" => "1,84",
    };
    settings.add_property_info(&property.upcast_any_dictionary());
}
