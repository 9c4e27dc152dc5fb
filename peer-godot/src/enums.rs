//! How the enums of the classes are bound (`SteamSession.LobbyType.LOBBY_TYPE_PUBLIC`), with help for each constant.
//!
//! The macros of `godot` bind single constants only. These do the same for enums, through the same calls.

use godot::meta::ClassId;
use godot::register::private::constant::{ConstantKind, ExportConstant, IntegerConstant};

/// Registers one enum with the engine.
pub(crate) fn register_enum(class: ClassId, name: &str, constants: &[(&str, i64)]) {
    let enumerators = constants.iter().map(|&(name, value)| IntegerConstant::new(name, value)).collect();
    ExportConstant::new(class, ConstantKind::Enum { name: name.into(), enumerators }).register();
}

/// Help for the constants of an enum, registered with that of the class.
macro_rules! enum_help {
    ($class:ident, $name:literal, $($(#[doc = $doc:expr])+ $constant:ident = $value:literal,)+) => {
        godot::sys::shard_add!(
            godot::private::__GODOT_DOCS_REGISTRY;
            godot::docs::DocsShard::new::<$class>(godot::docs::DocsItem::InherentImpl(
                godot::docs::InherentImplDocs {
                    methods_xml: "",
                    signals_xml: "",
                    constants_xml: concat!($(
                        "<constant name=\"", stringify!($constant), "\" value=\"", $value, "\" enum=\"", $name, "\">",
                        $($doc,)+
                        "</constant>",
                    )+),
                }
            ))
        );
    };
}

/// Constants that methods and signals pass as plain integers, because Steam may add to them.
macro_rules! open_enum {
    (
        $register:ident: $class:ident . $name:literal;
        $($(#[doc = $doc:expr])+ $constant:ident = $value:literal,)+
    ) => {
        fn $register() {
            let constants = [$((stringify!($constant), $value)),+];
            crate::enums::register_enum(<$class as godot::obj::GodotClass>::class_id(), $name, &constants);
        }
        crate::enums::enum_help!($class, $name, $($(#[doc = $doc])+ $constant = $value,)+);
    };
}

/// An enum that methods take and return: nothing else can be passed for it.
macro_rules! closed_enum {
    (
        $(#[$attribute:meta])*
        $register:ident: $class:ident . $name:literal, $type:ident;
        $($(#[doc = $doc:expr])+ $constant:ident = $value:literal as $variant:ident,)+
    ) => {
        $(#[$attribute])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum $type {
            $($(#[doc = $doc])+ $variant = $value,)+
        }

        impl godot::meta::GodotConvert for $type {
            type Via = i64;

            fn godot_shape() -> godot::meta::shape::GodotShape {
                use godot::meta::shape::{EnumeratorShape, GodotShape};
                const ENUMERATORS: &[EnumeratorShape] =
                    &[$(EnumeratorShape::new_int(stringify!($constant), $value)),+];
                GodotShape::Enum {
                    variant_type: godot::builtin::VariantType::INT,
                    enumerators: std::borrow::Cow::Borrowed(ENUMERATORS),
                    godot_name: Some(std::borrow::Cow::Borrowed(concat!(stringify!($class), ".", $name))),
                    is_bitfield: false,
                }
            }
        }

        impl godot::meta::ToGodot for $type {
            type Pass = godot::meta::conv::ByValue;

            fn to_godot(&self) -> i64 {
                *self as i64
            }
        }

        impl godot::meta::FromGodot for $type {
            fn try_from_godot(via: i64) -> Result<Self, godot::meta::error::ConvertError> {
                match via {
                    $($value => Ok(Self::$variant),)+
                    _ => Err(godot::meta::error::ConvertError::new(format!(
                        "{via} is no {}", concat!(stringify!($class), ".", $name)
                    ))),
                }
            }
        }

        impl godot::register::property::Var for $type {
            type PubType = Self;

            fn var_get(field: &Self) -> i64 {
                *field as i64
            }

            fn var_set(field: &mut Self, value: i64) {
                *field = <Self as godot::meta::FromGodot>::from_godot(value);
            }

            fn var_pub_get(field: &Self) -> Self {
                *field
            }

            fn var_pub_set(field: &mut Self, value: Self) {
                *field = value;
            }
        }

        fn $register() {
            let constants = [$((stringify!($constant), $value)),+];
            crate::enums::register_enum(<$class as godot::obj::GodotClass>::class_id(), $name, &constants);
        }
        crate::enums::enum_help!($class, $name, $($(#[doc = $doc])+ $constant = $value,)+);
    };
}

pub(crate) use {closed_enum, enum_help, open_enum};
