using System.Net;
using System.Net.Sockets;

namespace Portcullis.EndToEnd.Harness;

/// <summary>
/// Ports of 127.0.0.1 for programs that have to be told where to listen. One that the system picked and got back may be anybody's before the program listens: it goes to the next test that
/// asks, or becomes the near end of a connection; and a server that is started again finds it taken. So these lie below the ports that the system picks from, and none is given twice.
/// </summary>
internal static class FreePorts
{
    // Above 10080, which browsers and Node.js refuse to talk to.
    private const int Lowest = 10_100;

    private static readonly int s_count = FirstOfTheSystem() - Lowest;

    // Somewhere else in each run, for those that run at the same time.
    private static int s_given = Environment.ProcessId * 131;

    /// <summary>A port at which nobody listens, and which nobody else here is told of.</summary>
    public static int Take()
    {
        for (var tries = 0; tries < s_count; tries++)
        {
            var port = Lowest + (int)((uint)Interlocked.Increment(ref s_given) % s_count);
            if (IsFree(port))
            {
                return port;
            }
        }

        throw new InvalidOperationException("Each port is in use.");
    }

    private static bool IsFree(int port)
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static int FirstOfTheSystem()
    {
        const int Usual = 32_768;
        const string Setting = "/proc/sys/net/ipv4/ip_local_port_range";
        return File.Exists(Setting) && int.TryParse(File.ReadAllText(Setting).Split((char[])['\t', ' '])[0], out var first) && first is > Lowest + 2000 and < 65_000 ? first : Usual;
    }
}
