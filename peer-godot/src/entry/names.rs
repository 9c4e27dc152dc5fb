//! The names of the classes of peers, beside another addon that has classes of the same names.
//!
//! `SteamMultiplayerPeer` and `SteamPacketPeer` are GodotSteam's names, and there may be two addons with them in a project.
//! So each class has a second name that nobody else has. If the usual name is free as the classes are registered, the
//! second one is a class that inherits the usual one and adds nothing. If another addon has taken it, ours is registered
//! under the second name alone.
//!
//! The binding knows one name for a class, which is fixed before the engine can be asked. So this module stands between the
//! two: a few of the engine's functions that the binding looks up are replaced by those below, which call the engine's with
//! other names.

use std::cell::Cell;
use std::ffi::{CStr, c_char, c_void};
use std::ptr;
use std::slice;
use std::str;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicPtr, Ordering};

use godot::sys::{
    self, GDExtensionBool, GDExtensionClassCreationInfo4, GDExtensionClassInstancePtr,
    GDExtensionClassLibraryPtr, GDExtensionConstStringNamePtr, GDExtensionInitialization,
    GDExtensionInitializationLevel, GDExtensionInterfaceClassdbGetClassTag,
    GDExtensionInterfaceClassdbRegisterExtensionClass4, GDExtensionInterfaceClassdbUnregisterExtensionClass,
    GDExtensionInterfaceEditorHelpLoadXmlFromUtf8CharsAndLen, GDExtensionInterfaceFunctionPtr,
    GDExtensionInterfaceGetProcAddress, GDExtensionInterfaceObjectSetInstance,
    GDExtensionInterfaceStringNameNewWithLatin1Chars, GDExtensionInterfaceStringNameNewWithUtf8CharsAndLen,
    GDExtensionObjectPtr, GDExtensionUninitializedStringNamePtr,
};

/// A class, its two names, and what becomes of them.
#[derive(Debug)]
pub(super) struct Class {
    /// The name that it shares with GodotSteam's.
    pub(super) usual: &'static CStr,
    /// The one that is always ours.
    pub(super) own: &'static CStr,
    /// Whether another addon has the usual name.
    is_taken: AtomicBool,
    /// Both names as `StringName`s, each of which is one pointer: the same wherever the name occurs. They are kept for as
    /// long as the process.
    usual_name: AtomicPtr<c_void>,
    own_name: AtomicPtr<c_void>,
}

impl Class {
    const fn new(usual: &'static CStr, own: &'static CStr) -> Self {
        Self {
            usual,
            own,
            is_taken: AtomicBool::new(false),
            usual_name: AtomicPtr::new(ptr::null_mut()),
            own_name: AtomicPtr::new(ptr::null_mut()),
        }
    }

    /// Makes the names, and finds out whether another addon has the usual one.
    fn decide(&self, engine: &Engine) {
        for (text, name) in [(self.usual, &self.usual_name), (self.own, &self.own_name)] {
            // SAFETY: the text is a C string, and the place is a `StringName`'s, which is static and so is never freed.
            unsafe { (engine.new_static_name)(name.as_ptr().cast(), text.as_ptr(), 1) };
        }
        // SAFETY: both are names now.
        let is_there =
            |name: &AtomicPtr<c_void>| !unsafe { (engine.class_tag)(name.as_ptr().cast()) }.is_null();
        // If even the second one is taken, the engine is left to say so.
        let is_taken = is_there(&self.usual_name) && !is_there(&self.own_name);
        self.is_taken.store(is_taken, Ordering::Relaxed);
    }

    /// The second name.
    fn own_name(&self) -> GDExtensionConstStringNamePtr {
        self.own_name.as_ptr().cast_const().cast()
    }

    /// Whether another addon has the usual name.
    pub(super) fn is_taken(&self) -> bool {
        self.is_taken.load(Ordering::Relaxed)
    }

    /// Whether this is the name of a class that has both.
    ///
    /// # Safety
    /// `name` points to a `StringName`.
    unsafe fn has_both(&self, name: GDExtensionConstStringNamePtr) -> bool {
        // SAFETY: the caller's promise; a `StringName` is one pointer.
        let text = unsafe { name.cast::<*mut c_void>().read() };
        !self.is_taken() && text == self.usual_name.load(Ordering::Relaxed)
    }
}

pub(super) static CLASSES: [Class; 2] = [
    Class::new(c"SteamMultiplayerPeer", c"SteamPeer"),
    Class::new(c"SteamPacketPeer", c"SteamPeerConnection"),
];

/// Help for the second name of a class that has both.
const HELP: [&str; 2] = [
    "<class name=\"SteamPeer\" inherits=\"SteamMultiplayerPeer\"><brief_description>A [SteamMultiplayerPeer] under a name \
     that no other addon has.</brief_description><description>Use this name in a project that has GodotSteam, too. If both \
     addons have a class [code]SteamMultiplayerPeer[/code], this is the one of Steam Peer.</description></class>",
    "<class name=\"SteamPeerConnection\" inherits=\"SteamPacketPeer\"><brief_description>A [SteamPacketPeer] under a name \
     that no other addon has.</brief_description><description>What [method SteamMultiplayerPeer.get_peer] returns for a \
     [SteamPeer].</description></class>",
];

/// The engine's own functions.
struct Engine {
    get_proc_address: unsafe extern "C" fn(*const c_char) -> GDExtensionInterfaceFunctionPtr,
    new_string_name: GDExtensionInterfaceStringNameNewWithUtf8CharsAndLen,
    new_static_name: GDExtensionInterfaceStringNameNewWithLatin1Chars,
    class_tag: GDExtensionInterfaceClassdbGetClassTag,
    register: GDExtensionInterfaceClassdbRegisterExtensionClass4,
    unregister: GDExtensionInterfaceClassdbUnregisterExtensionClass,
    set_instance: GDExtensionInterfaceObjectSetInstance,
    load_help: GDExtensionInterfaceEditorHelpLoadXmlFromUtf8CharsAndLen,
}

static ENGINE: OnceLock<Engine> = OnceLock::new();

/// The binding's function that is called for each level of initialisation.
static INITIALIZE: OnceLock<unsafe extern "C" fn(*mut c_void, GDExtensionInitializationLevel)> =
    OnceLock::new();

/// The binding's functions that make objects of the classes, which those of the second names call.
static CREATE: [OnceLock<unsafe extern "C" fn(*mut c_void, GDExtensionBool) -> GDExtensionObjectPtr>; 2] =
    [const { OnceLock::new() }; 2];

thread_local! {
    /// Whether objects that are made now are of the second names.
    static IS_OWN_NAME: Cell<bool> = const { Cell::new(false) };
}

/// Whether the object that is being made is one of the second names.
pub(crate) fn is_own_name() -> bool {
    IS_OWN_NAME.get()
}

/// Makes objects that are of the second names, or not.
pub(crate) fn with_own_name<R>(is_own_name: bool, make: impl FnOnce() -> R) -> R {
    let before = IS_OWN_NAME.replace(is_own_name);
    let object = make();
    IS_OWN_NAME.set(before);
    object
}

/// What the binding is to look up the engine's functions with.
///
/// # Safety
/// The function is the engine's.
pub(super) unsafe fn stand_between(
    get_proc_address: GDExtensionInterfaceGetProcAddress,
) -> GDExtensionInterfaceGetProcAddress {
    let get = get_proc_address?;
    /// Looks up a function of the engine.
    macro_rules! find {
        ($name:literal as $type:ty) => {
            // SAFETY: the engine's function with this name is of this type.
            unsafe { std::mem::transmute::<unsafe extern "C" fn(), $type>(get($name.as_ptr())?) }
        };
    }
    let find = || {
        Some(Engine {
            get_proc_address: get,
            new_string_name: find!(
                c"string_name_new_with_utf8_chars_and_len"
                    as GDExtensionInterfaceStringNameNewWithUtf8CharsAndLen
            ),
            new_static_name: find!(
                c"string_name_new_with_latin1_chars" as GDExtensionInterfaceStringNameNewWithLatin1Chars
            ),
            class_tag: find!(c"classdb_get_class_tag" as GDExtensionInterfaceClassdbGetClassTag),
            register: find!(
                c"classdb_register_extension_class4" as GDExtensionInterfaceClassdbRegisterExtensionClass4
            ),
            unregister: find!(
                c"classdb_unregister_extension_class" as GDExtensionInterfaceClassdbUnregisterExtensionClass
            ),
            set_instance: find!(c"object_set_instance" as GDExtensionInterfaceObjectSetInstance),
            load_help: find!(
                c"editor_help_load_xml_from_utf8_chars_and_len"
                    as GDExtensionInterfaceEditorHelpLoadXmlFromUtf8CharsAndLen
            ),
        })
    };
    // An engine that lacks one of them is too old, of which the binding tells.
    match find() {
        Some(engine) => {
            ENGINE.get_or_init(|| engine);
            Some(get_replaced)
        }
        None => get_proc_address,
    }
}

/// Has the names decided right before the binding registers the classes.
///
/// # Safety
/// `init` is what the binding has filled.
pub(super) unsafe fn decide_before_classes(init: *mut GDExtensionInitialization) {
    // SAFETY: the caller's promise.
    unsafe {
        if let Some(initialize) = (*init).initialize
            && ENGINE.get().is_some()
        {
            INITIALIZE.get_or_init(|| initialize);
            (*init).initialize = Some(self::initialize);
        }
    }
}

unsafe extern "C" fn initialize(userdata: *mut c_void, level: GDExtensionInitializationLevel) {
    if level == sys::GDEXTENSION_INITIALIZATION_SCENE
        && let Some(engine) = ENGINE.get()
    {
        for class in &CLASSES {
            class.decide(engine);
        }
    }
    if let Some(initialize) = INITIALIZE.get() {
        // SAFETY: the arguments are the engine's.
        unsafe { initialize(userdata, level) };
    }
}

unsafe extern "C" fn get_replaced(name: *const c_char) -> GDExtensionInterfaceFunctionPtr {
    /// One of the functions below, as the engine's function that it replaces.
    macro_rules! replaced {
        ($function:ident as $type:ty) => {
            // SAFETY: whoever looks the name up knows its type.
            Some(unsafe { std::mem::transmute::<$type, unsafe extern "C" fn()>($function) })
        };
    }
    let engine = ENGINE.get()?;
    // SAFETY: the binding passes a C string.
    match unsafe { CStr::from_ptr(name) }.to_bytes() {
        b"string_name_new_with_utf8_chars_and_len" => {
            replaced!(new_string_name as GDExtensionInterfaceStringNameNewWithUtf8CharsAndLen)
        }
        b"classdb_register_extension_class4" => {
            replaced!(register as GDExtensionInterfaceClassdbRegisterExtensionClass4)
        }
        b"classdb_unregister_extension_class" => {
            replaced!(unregister as GDExtensionInterfaceClassdbUnregisterExtensionClass)
        }
        b"object_set_instance" => replaced!(set_instance as GDExtensionInterfaceObjectSetInstance),
        b"editor_help_load_xml_from_utf8_chars_and_len" => {
            replaced!(load_help as GDExtensionInterfaceEditorHelpLoadXmlFromUtf8CharsAndLen)
        }
        // SAFETY: it is the engine's function, and the name is the binding's.
        _ => unsafe { (engine.get_proc_address)(name) },
    }
}

/// What the binding calls a class, or an enum of it, as the engine knows it; `None` if that is the same.
fn renamed(name: &[u8]) -> Option<String> {
    CLASSES.iter().filter(|class| class.is_taken()).find_map(|class| {
        let rest = name.strip_prefix(class.usual.to_bytes())?;
        let rest = str::from_utf8(rest).ok().filter(|rest| rest.is_empty() || rest.starts_with('.'))?;
        Some(format!("{}{rest}", class.own.to_str().ok()?))
    })
}

unsafe extern "C" fn new_string_name(
    place: GDExtensionUninitializedStringNamePtr,
    text: *const c_char,
    length: i64,
) {
    let Some(engine) = ENGINE.get() else { return };
    let new = engine.new_string_name;
    let renamed = usize::try_from(length).ok().filter(|_| !text.is_null()).and_then(|length| {
        // SAFETY: the binding passes a text of that length.
        renamed(unsafe { slice::from_raw_parts(text.cast(), length) })
    });
    // SAFETY: the place is the binding's, and the text is valid for its length.
    unsafe {
        match renamed.as_deref().map(|name| (name.as_ptr(), i64::try_from(name.len()))) {
            Some((name, Ok(length))) => new(place, name.cast(), length),
            _ => new(place, text, length),
        }
    }
}

unsafe extern "C" fn register(
    library: GDExtensionClassLibraryPtr,
    name: GDExtensionConstStringNamePtr,
    parent: GDExtensionConstStringNamePtr,
    info: *const GDExtensionClassCreationInfo4,
) {
    let Some(engine) = ENGINE.get() else { return };
    let register = engine.register;
    // SAFETY: the arguments are the binding's.
    unsafe { register(library, name, parent, info) };
    for (class, (original, create)) in
        CLASSES.iter().zip(CREATE.iter().zip([create_peer, create_packet_peer]))
    {
        // SAFETY: the name is the binding's.
        if unsafe { class.has_both(name) } {
            // SAFETY: the information is the binding's.
            let mut info = unsafe { *info };
            if let Some(binding) = info.create_instance_func {
                original.get_or_init(|| binding);
                info.create_instance_func = Some(create);
            }
            // SAFETY: the rest is what the binding registered for the class itself.
            unsafe { register(library, class.own_name(), name, &raw const info) };
        }
    }
}

unsafe extern "C" fn unregister(library: GDExtensionClassLibraryPtr, name: GDExtensionConstStringNamePtr) {
    let Some(engine) = ENGINE.get() else { return };
    let unregister = engine.unregister;
    for class in &CLASSES {
        // SAFETY: the name is the binding's.
        if unsafe { class.has_both(name) } {
            // SAFETY: the class has been registered with the other; it goes first, because it inherits that.
            unsafe { unregister(library, class.own_name()) };
        }
    }
    // SAFETY: the arguments are the binding's.
    unsafe { unregister(library, name) };
}

unsafe extern "C" fn create_peer(userdata: *mut c_void, notify: GDExtensionBool) -> GDExtensionObjectPtr {
    // SAFETY: the arguments are the engine's.
    unsafe { create(0, userdata, notify) }
}

unsafe extern "C" fn create_packet_peer(
    userdata: *mut c_void,
    notify: GDExtensionBool,
) -> GDExtensionObjectPtr {
    // SAFETY: the arguments are the engine's.
    unsafe { create(1, userdata, notify) }
}

/// # Safety
/// The arguments are the engine's, for the class with this place.
unsafe fn create(place: usize, userdata: *mut c_void, notify: GDExtensionBool) -> GDExtensionObjectPtr {
    match CREATE[place].get() {
        // SAFETY: it is the binding's function for the class itself, which does the same for the second name.
        Some(create) => with_own_name(true, || unsafe { create(userdata, notify) }),
        None => ptr::null_mut(),
    }
}

unsafe extern "C" fn set_instance(
    object: GDExtensionObjectPtr,
    name: GDExtensionConstStringNamePtr,
    instance: GDExtensionClassInstancePtr,
) {
    let Some(engine) = ENGINE.get() else { return };
    let set = engine.set_instance;
    // SAFETY: the name is the binding's.
    let class = CLASSES.iter().find(|class| is_own_name() && unsafe { class.has_both(name) });
    let name = class.map_or(name, Class::own_name);
    // SAFETY: the arguments are the binding's; the second class has the same functions as the first.
    unsafe { set(object, name, instance) };
}

/// Loads help of one class. Before that of the first one, that of the second names.
unsafe extern "C" fn load_help(text: *const c_char, length: i64) {
    static HAS_BEGUN: AtomicBool = AtomicBool::new(false);
    let Some(engine) = ENGINE.get() else { return };
    let load = |text: &str| {
        if let Ok(length) = i64::try_from(text.len()) {
            // SAFETY: the text has that length.
            unsafe { (engine.load_help)(text.as_ptr().cast(), length) };
        }
    };
    if !HAS_BEGUN.swap(true, Ordering::Relaxed) {
        for (class, help) in CLASSES.iter().zip(HELP).filter(|(class, _)| !class.is_taken()) {
            debug_assert!(help.contains(class.own.to_str().unwrap_or_default()));
            load(help);
        }
    }
    let Ok(size) = usize::try_from(length) else { return };
    // SAFETY: the binding passes a text of that length.
    let Ok(help) = str::from_utf8(unsafe { slice::from_raw_parts(text.cast(), size) }) else { return };
    let mut help = help.to_owned();
    for class in CLASSES.iter().filter(|class| class.is_taken()) {
        if let (Ok(usual), Ok(own)) = (class.usual.to_str(), class.own.to_str()) {
            help = help.replace(usual, own);
        }
    }
    load(&help);
}
