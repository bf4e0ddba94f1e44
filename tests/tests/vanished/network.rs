use std::io::{self, Read, Write};

use socket2::{Domain, Protocol, Socket, Type};
use tests::Installation;

/// A network of this program's own: a loopback interface, and nothing else.
pub(crate) struct Network(Socket);

impl Network {
    /// Moves the program into one, and takes its interface up. It must not have started a thread. The error says why the
    /// machine does not allow it.
    pub(crate) fn enter() -> Result<Self, String> {
        // To build something may need the machine's network.
        Installation::build();
        enter_namespace().map_err(|error| format!("a network of its own is not allowed here: {error}"))?;
        let netlink = Socket::new(Domain::from(AF_NETLINK), Type::RAW, Some(Protocol::from(NETLINK_ROUTE)));
        let network = Self(netlink.map_err(|error| format!("no netlink socket: {error}"))?);
        network.set_up(true).map_err(|error| format!("the loopback interface stays down: {error}"))?;
        Ok(network)
    }

    /// Takes it down: from now on nothing that is sent arrives, and nobody is told so.
    pub(crate) fn go_down(&self) {
        self.set_up(false).expect("the interface goes down");
    }

    /// Takes it up again.
    pub(crate) fn come_up(&self) {
        self.set_up(true).expect("the interface comes up");
    }

    /// Asks the kernel over netlink (rtnetlink(7)), and waits for its answer.
    fn set_up(&self, up: bool) -> io::Result<()> {
        let flags = if up { IFF_UP } else { 0 };
        let message = [
            // The header: the length, the type and flags, a number, and who asks.
            &32_u32.to_ne_bytes()[..],
            &RTM_NEWLINK.to_ne_bytes(),
            &(NLM_F_REQUEST | NLM_F_ACK).to_ne_bytes(),
            &[0; 8],
            // The interface: its kind, number and flags, and which of them to change.
            &[0; 4],
            &LOOPBACK.to_ne_bytes(),
            &flags.to_ne_bytes(),
            &IFF_UP.to_ne_bytes(),
        ];
        (&self.0).write_all(&message.concat())?;
        let mut answer = [0; 64];
        let length = (&self.0).read(&mut answer)?;
        let (head, body) = answer[..length].split_first_chunk::<16>().ok_or(io::ErrorKind::UnexpectedEof)?;
        let error = body.first_chunk().ok_or(io::ErrorKind::UnexpectedEof)?;
        assert_eq!(
            u16::from_ne_bytes([head[4], head[5]]),
            NLMSG_ERROR,
            "an acknowledgement has that type, too"
        );
        match i32::from_ne_bytes(*error) {
            0 => Ok(()),
            error => Err(io::Error::from_raw_os_error(-error)),
        }
    }
}

const AF_NETLINK: i32 = 16;
const NETLINK_ROUTE: i32 = 0;
const RTM_NEWLINK: u16 = 16;
const NLM_F_REQUEST: u16 = 1;
const NLM_F_ACK: u16 = 4;
const NLMSG_ERROR: u16 = 2;
const IFF_UP: u32 = 1;
/// The first interface of each network.
const LOOPBACK: i32 = 1;

/// As root, or as a user who is nobody else than before in a namespace of users in which that may be done.
#[cfg(target_os = "linux")]
fn enter_namespace() -> io::Result<()> {
    use std::{fs, os::unix::fs::MetadataExt};

    use nix::sched::{CloneFlags, unshare};

    if unshare(CloneFlags::CLONE_NEWNET).is_ok() {
        return Ok(());
    }
    let own = fs::metadata("/proc/self")?;
    unshare(CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNET)?;
    fs::write("/proc/self/setgroups", "deny")?;
    fs::write("/proc/self/uid_map", format!("{0} {0} 1", own.uid()))?;
    fs::write("/proc/self/gid_map", format!("{0} {0} 1", own.gid()))
}

#[cfg(not(target_os = "linux"))]
fn enter_namespace() -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}
