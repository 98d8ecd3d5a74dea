namespace Portcullis.EndToEnd.Upstreams.WebServers;

/// <summary>Apache, which starts <c>git http-backend</c> itself.</summary>
public sealed class Apache(string folder) : WebServer(folder)
{
    protected override async Task StartProgramsAsync()
    {
        var configuration = Path.Combine(Folder, "apache.conf");
        string[] modules = ["mpm_prefork", "authn_core", "authn_file", "authz_core", "authz_user", "auth_basic", "alias", "env", "setenvif", "cgi"];

        // Apache gives up root for its children, which then work in folders that are not theirs.
        var isRoot = Environment.UserName == "root";
        await File.WriteAllTextAsync(configuration, $"""
            ServerRoot "{Folder}"
            ServerName localhost
            Listen 127.0.0.1:{Port}
            PidFile "{Folder}/apache.pid"
            ErrorLog "{Folder}/apache.log"
            {string.Join('\n', modules.Select(module => $"LoadModule {module}_module /usr/lib/apache2/modules/mod_{module}.so"))}
            {(isRoot ? "User www-data\nGroup www-data" : "")}
            DocumentRoot "{Repositories}"
            SetEnv GIT_PROJECT_ROOT "{Repositories}"
            SetEnv GIT_HTTP_EXPORT_ALL 1
            SetEnv GIT_CONFIG_COUNT 1
            SetEnv GIT_CONFIG_KEY_0 safe.directory
            SetEnv GIT_CONFIG_VALUE_0 *
            SetEnvIf Git-Protocol ".*" GIT_PROTOCOL=$0
            ScriptAlias /git /usr/lib/git-core/git-http-backend
            <Location /git>
              AuthType Basic
              AuthName upstream
              AuthUserFile "{Folder}/htpasswd"
              Require valid-user
              Options +ExecCGI
            </Location>

            """);
        if (isRoot)
        {
            // The way to the folders leads through those of the test.
            for (var parent = new DirectoryInfo(Folder); parent.FullName != Path.TrimEndingDirectorySeparator(Path.GetTempPath()) && parent.Parent is not null; parent = parent.Parent)
            {
                File.SetUnixFileMode(parent.FullName, File.GetUnixFileMode(parent.FullName) | UnixFileMode.OtherExecute);
            }
        }

        Run("/usr/sbin/apache2", "-f", configuration, "-D", "FOREGROUND");
    }
}
