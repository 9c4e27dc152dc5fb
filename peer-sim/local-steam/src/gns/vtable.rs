//! The C++ interfaces of the networking sockets, method by method in the order of their declaration.
//!
//! That order is the layout of a virtual table, in both C++ ABIs that matter (Itanium and Microsoft), as long
//! as no method is overloaded; none is. Methods that are not called are placeholders. The crate that brings
//! the sockets is pinned to one version for this reason, and the tests call through every slot that is used.

use std::ffi::{c_char, c_int, c_void};

use super::types::{ConfigValue, ConnectionInfo, Identity, Opaque};

/// A method that is never called.
type Unused = usize;

/// Describes an interface: its table, and a safe-to-name method for each entry that is called.
macro_rules! interface {
    (
        $(#[$meta:meta])* $object:ident, $table:ident {
            $( $(#[$method_meta:meta])* $method:ident
               $( ( $($argument:ident : $type:ty),* ) $( -> $result:ty )? )? ; )*
        }
    ) => {
        $(#[$meta])*
        #[repr(C)]
        pub(crate) struct $object {
            table: *const $table,
        }

        #[repr(C)]
        struct $table {
            $( $method: interface!(@slot $object $( ( $($type),* ) $( -> $result )? )? ), )*
        }

        impl $object {
            $( interface!(@method $(#[$method_meta])* $method $( ( $($argument : $type),* ) $( -> $result )? )? ); )*
        }
    };
    (@slot $object:ident) => { Unused };
    (@slot $object:ident ( $($type:ty),* ) $( -> $result:ty )? ) => {
        unsafe extern "C" fn(*const $object $(, $type)*) $( -> $result )?
    };
    (@method $(#[$meta:meta])* $method:ident) => {};
    (@method $(#[$meta:meta])* $method:ident ( $($argument:ident : $type:ty),* ) $( -> $result:ty )? ) => {
        $(#[$meta])*
        ///
        /// # Safety
        /// Pointers among the arguments must be what Steam's documentation of the method of this name says.
        #[allow(clippy::too_many_arguments)]
        pub(crate) unsafe fn $method(&self $(, $argument: $type)*) $( -> $result )? {
            // SAFETY: `self` is an object of the networking sockets, so its table is what is declared here;
            // the caller answers for the arguments.
            unsafe { ((*self.table).$method)(self $(, $argument)*) }
        }
    };
}

interface! {
    /// `ISteamNetworkingSockets`, version 12.
    Sockets, SocketsTable {
        create_listen_socket_ip;
        connect_by_ip_address;
        /// Listens on a virtual port.
        create_listen_socket_p2p(port: c_int, count: c_int, options: *const ConfigValue) -> u32;
        /// Dials a peer.
        connect_p2p(peer: *const Identity, port: c_int, count: c_int, options: *const ConfigValue) -> u32;
        /// Accepts an incoming connection.
        accept_connection(connection: u32) -> c_int;
        /// Ends a connection.
        close_connection(connection: u32, reason: c_int, text: *const c_char, linger: bool) -> bool;
        /// Stops listening, and ends what was accepted on it.
        close_listen_socket(socket: u32) -> bool;
        /// Attaches the game's own number.
        set_connection_user_data(connection: u32, data: i64) -> bool;
        /// The game's own number.
        get_connection_user_data(connection: u32) -> i64;
        /// Names a connection in logs.
        set_connection_name(connection: u32, name: *const c_char);
        get_connection_name;
        /// Sends one message, copying it.
        send_message_to_connection(connection: u32, data: *const c_void, size: u32, flags: c_int, number: *mut i64) -> c_int;
        /// Sends messages and takes them over. Steam's flat function has no last argument: failed messages are freed.
        send_messages(count: c_int, messages: *const Opaque, results: *mut i64, free_failed: bool);
        /// Sends what waits for Nagle.
        flush_messages_on_connection(connection: u32) -> c_int;
        /// Takes received messages of a connection.
        receive_messages_on_connection(connection: u32, messages: *mut Opaque, most: c_int) -> c_int;
        /// Describes a connection.
        get_connection_info(connection: u32, info: *mut ConnectionInfo) -> bool;
        /// Measures a connection.
        get_connection_real_time_status(connection: u32, status: Opaque, lanes: c_int, lane_status: Opaque) -> c_int;
        /// Describes a connection at length, for people.
        get_detailed_connection_status(connection: u32, text: *mut c_char, size: c_int) -> c_int;
        get_listen_socket_address;
        /// Two connections that end in each other.
        create_socket_pair(first: *mut u32, second: *mut u32, network: bool, first_peer: *const Identity, second_peer: *const Identity) -> bool;
        /// Sets up lanes.
        configure_connection_lanes(connection: u32, count: c_int, priorities: *const c_int, weights: *const u16) -> c_int;
        /// Our own identity.
        get_identity(identity: *mut Identity) -> bool;
        init_authentication;
        get_authentication_status;
        /// A group of connections that are received from together.
        create_poll_group() -> u32;
        /// Ends a group, not its connections.
        destroy_poll_group(group: u32) -> bool;
        /// Puts a connection into a group.
        set_connection_poll_group(connection: u32, group: u32) -> bool;
        /// Takes received messages of a group.
        receive_messages_on_poll_group(group: u32, messages: *mut Opaque, most: c_int) -> c_int;
        received_relay_auth_ticket;
        find_relay_auth_ticket_for_server;
        connect_to_hosted_dedicated_server;
        get_hosted_dedicated_server_port;
        get_hosted_dedicated_server_popid;
        get_hosted_dedicated_server_address;
        create_hosted_dedicated_server_listen_socket;
        get_game_coordinator_server_login;
        connect_p2p_custom_signaling;
        /// Takes a signal that a peer sent.
        received_p2p_custom_signal(signal: *const c_void, size: c_int, context: *mut c_void) -> bool;
        get_certificate_request;
        set_certificate;
        reset_identity;
        /// Calls the callbacks that are due.
        run_callbacks();
    }
}

interface! {
    /// `ISteamNetworkingUtils`, version 4.
    Utils, UtilsTable {
        /// A message to be sent, with a buffer or without.
        allocate_message(size: c_int) -> Opaque;
        get_relay_network_status;
        get_local_ping_location;
        estimate_ping_time_between_two_locations;
        estimate_ping_time_from_local_host;
        convert_ping_location_to_string;
        parse_ping_location_string;
        check_ping_data_up_to_date;
        get_ping_to_data_center;
        get_direct_ping_to_pop;
        get_pop_count;
        get_pop_list;
        /// Microseconds of a clock that only goes forward.
        get_local_timestamp() -> i64;
        /// Where log lines go.
        set_debug_output_function(level: c_int, function: *mut c_void);
        get_ipv4_fake_ip_type;
        get_real_identity_for_fake_ip;
        /// Sets an option.
        set_config_value(option: c_int, scope: c_int, object: isize, data_type: c_int, value: *const c_void) -> bool;
        /// Reads an option.
        get_config_value(option: c_int, scope: c_int, object: isize, data_type: *mut c_int, value: *mut c_void, size: *mut usize) -> c_int;
        /// Describes an option.
        get_config_value_info(option: c_int, data_type: *mut c_int, scope: *mut c_int) -> *const c_char;
        iterate_generic_editable_config_values;
        ip_addr_to_string;
        ip_addr_parse_string;
        ip_addr_get_fake_ip_type;
        /// An identity as text.
        identity_to_string(identity: *const Identity, text: *mut c_char, size: usize);
        /// An identity from text.
        identity_parse_string(identity: *mut Identity, text: *const c_char) -> bool;
    }
}
