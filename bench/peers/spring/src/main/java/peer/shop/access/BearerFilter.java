package peer.shop.access;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Set;
import org.springframework.http.HttpHeaders;
import org.springframework.stereotype.Component;
import org.springframework.web.filter.OncePerRequestFilter;

/** Lets through who brings a token of an account that may do what is asked: 401 without one, 403 without the role. */
@Component
class BearerFilter extends OncePerRequestFilter {
    private static final String SCHEME = "Bearer ";
    private static final Set<String> READ_TOTALS = Set.of("shop", "analyst");
    private static final Set<String> SHOP = Set.of("shop");

    private final KnownTokens tokens;

    BearerFilter(KnownTokens tokens) {
        this.tokens = tokens;
    }

    @Override
    protected void doFilterInternal(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
        throws IOException, ServletException {
        Set<String> roles = roles(request.getHeader(HttpHeaders.AUTHORIZATION));
        if (roles.isEmpty()) {
            response.setHeader(HttpHeaders.WWW_AUTHENTICATE, "Bearer");
            response.sendError(HttpServletResponse.SC_UNAUTHORIZED);
        } else if (wanted(request).stream().noneMatch(roles::contains)) {
            response.sendError(HttpServletResponse.SC_FORBIDDEN);
        } else {
            chain.doFilter(request, response);
        }
    }

    private static Set<String> wanted(HttpServletRequest request) {
        return request.getRequestURI().startsWith("/analytics/") ? READ_TOTALS : SHOP;
    }

    private Set<String> roles(String header) {
        if (header == null || !header.startsWith(SCHEME)) {
            return Set.of();
        }
        String token = header.substring(SCHEME.length());
        Set<String> kept = tokens.kept(token);
        if (kept == null) {
            kept = tokens.rolesFromTable(token);
            tokens.keep(token, kept);
        }
        return kept;
    }
}
