"""Listens at a Unix socket for datagrams, as a service manager does, and prints each as one line: PATH."""
import socket
import sys

receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
receiver.bind(sys.argv[1])
print('listening', flush=True)
while True:
    text, descriptors, _, _ = socket.recv_fds(receiver, 4096, 1)
    # What comes with a descriptor is a barrier: whoever sent it waits until it is closed.
    for descriptor in descriptors:
        socket.close(descriptor)
    print(text.decode().replace('\n', ' '), flush=True)
