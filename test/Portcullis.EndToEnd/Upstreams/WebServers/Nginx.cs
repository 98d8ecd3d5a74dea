using Portcullis.EndToEnd.Harness;

namespace Portcullis.EndToEnd.Upstreams.WebServers;

/// <summary>nginx, which hands requests to <c>git http-backend</c> through fcgiwrap.</summary>
public sealed class Nginx(string folder) : WebServer(folder)
{
    protected override async Task StartProgramsAsync()
    {
        var socket = Path.Combine(Folder, "fcgi.sock");
        var configuration = Path.Combine(Folder, "nginx.conf");
        await File.WriteAllTextAsync(configuration, $$"""
            daemon off;
            master_process off;
            pid {{Folder}}/nginx.pid;
            error_log stderr;
            events { worker_connections 256; }
            http {
              access_log off;
              client_max_body_size 0;
              client_body_temp_path {{Folder}}/body;
              proxy_temp_path {{Folder}}/proxy;
              fastcgi_temp_path {{Folder}}/fastcgi;
              uwsgi_temp_path {{Folder}}/uwsgi;
              scgi_temp_path {{Folder}}/scgi;
              server {
                listen 127.0.0.1:{{Port}};
                location ~ ^/git(/.*)$ {
                  auth_basic "upstream";
                  auth_basic_user_file {{Folder}}/htpasswd;
                  fastcgi_pass unix:{{socket}};
                  fastcgi_read_timeout 600;
                  fastcgi_param SCRIPT_FILENAME /usr/lib/git-core/git-http-backend;
                  fastcgi_param GIT_PROJECT_ROOT {{Repositories}};
                  fastcgi_param GIT_HTTP_EXPORT_ALL "1";
                  fastcgi_param PATH_INFO $1;
                  fastcgi_param QUERY_STRING $query_string;
                  fastcgi_param REQUEST_METHOD $request_method;
                  fastcgi_param CONTENT_TYPE $content_type;
                  fastcgi_param CONTENT_LENGTH $content_length;
                  fastcgi_param REMOTE_USER $remote_user;
                  fastcgi_param REMOTE_ADDR $remote_addr;
                  fastcgi_param GIT_PROTOCOL $http_git_protocol;
                }
              }
            }
            """);
        Run("fcgiwrap", "-c", "8", "-s", "unix:" + socket);
        await Eventually.UntilAsync(() => File.Exists(socket), () => "fcgiwrap did not start");

        Run("/usr/sbin/nginx", "-c", configuration, "-e", "stderr", "-p", Folder);
    }
}
